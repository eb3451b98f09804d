"""docs/security.md names tests that exist in the files it says, and a test for every threat."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BROWSER_TEST = re.compile(r"`(web/test/[\w-]+\.spec\.ts)`")
NAMED = re.compile(r"`(?:(tests/[\w/]+\.py)::(?:Test\w+::)?)?(test_\w+)`")


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_named_on_the_page_exists() -> None:
    named = 0
    for line in (ROOT / "docs/security.md").read_text(encoding="utf-8").splitlines():
        path = ""
        for found in NAMED.finditer(line):
            path = found[1] or path
            assert path, f"no file before {found[2]}"
            assert found[2] in functions_of(path), f"{path} has no {found[2]}"
            named += 1
    assert named > 80


def test_every_threat_has_a_test() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    threats = page.split("## Threats")[1].split("## OWASP")[0]
    rows = [row for table in threats.split("| threat |")[1:] for row in table.split("\n\n")[0].splitlines()[2:]]
    assert len(rows) > 35
    assert [row for row in rows if not NAMED.search(row) and not BROWSER_TEST.search(row)] == []
    assert all((ROOT / path).is_file() for path in BROWSER_TEST.findall(page))
