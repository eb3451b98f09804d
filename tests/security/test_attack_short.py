"""The most important attacks of `make attack`, for seconds each, against a service of two workers."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300


@pytest.mark.xdist_group("attack")
async def test_no_attack_does_damage(tmp_path: Path) -> None:
    found = tmp_path / "attack.json"
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.attack", "--short", "--json", str(found), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            output, _ = await run.communicate()
    finally:
        if run.returncode is None:
            run.terminate()
            await run.wait()
    assert found.exists(), output.decode()
    violations = {one["attack"]: one["violations"] for one in json.loads(found.read_text()) if one["violations"]}
    noticed = " ".join(violations.pop("control", []))
    assert "victims: " in noticed, "damage to a service with a flaw goes unnoticed"
    assert "a worker grew by" in noticed
    assert violations == {}, output.decode()
    assert run.returncode == 0
