"""`make seeded-bugs`: put each known bug into a copy of the source, and see that the tests it names fail.

A bug is a patch in `bugs/`: a sentence that says what is wrong, a line `Caught by:` for each test (or file of tests)
that has to fail, and the diff. A bug that survives, or a patch that no longer applies, ends this with 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUGS = Path(__file__).with_name("bugs")
COPIED = ("src", "migrations", "alembic.ini")
BESIDE_EACH_OTHER = 2
LONGEST_S = 600
TESTS_FAILED = 1
"""pytest's exit code for just that; a bug that keeps the tests from running at all proves nothing."""


@dataclass(frozen=True)
class Bug:
    """One patch and what must catch it."""

    patch: Path
    says: str
    tests: tuple[str, ...]

    @classmethod
    def of(cls, patch: Path) -> "Bug":
        """Read the words before the diff."""
        words = patch.read_text().split("\ndiff ", 1)[0]
        tests = re.findall(r"^Caught by: (.+)$", words, re.MULTILINE)
        return cls(patch, words.split("\n\n", 1)[0].replace("\n", " "), tuple(tests))


def bugs() -> list[Bug]:
    """All of them, in the order of their numbers."""
    return [Bug.of(patch) for patch in sorted(BUGS.glob("*.patch"))]


def applies(bug: Bug, tree: Path = ROOT, *, really: bool = False) -> str:
    """What git says against the patch; empty where it applies."""
    command = ["git", "apply", "-p1", *([] if really else ["--check"]), str(bug.patch)]
    # Git looks for a repository around the tree; there is none around a copy, and the real one must stay as it is.
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False).stderr


def caught(bug: Bug) -> tuple[bool, str]:
    """Whether the tests fail with the bug in, and the first of them that does (or what went wrong)."""
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-bug-") as folder:
        tree = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        if refused := applies(bug, tree, really=True):
            return False, f"the patch does not apply: {refused.strip().splitlines()[-1]}"
        env = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-p", "no:cacheprovider", "--tb=no", *bug.tests]
        try:
            ran = subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=LONGEST_S
            )
        except subprocess.TimeoutExpired:
            return False, "the tests did not end"
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", ran.stdout, re.MULTILINE)
    if ran.returncode != TESTS_FAILED or not failed:
        return False, f"SURVIVED (pytest ended with {ran.returncode})"
    return True, failed[0]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="numbers, separated by commas")
    numbers = tuple(parser.parse_args().only.split(","))
    chosen = [bug for bug in bugs() if bug.patch.name.startswith(numbers)]
    survivors = 0
    with ThreadPoolExecutor(BESIDE_EACH_OTHER) as pool:
        for bug, (is_caught, by) in zip(chosen, pool.map(caught, chosen), strict=True):
            survivors += not is_caught
            sys.stdout.write(f"{'caught' if is_caught else 'MISSED':7} {bug.patch.stem:34} {by}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - survivors} of {len(chosen)} bugs caught\n")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
