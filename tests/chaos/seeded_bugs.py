"""Seeded bugs: known defects, each applied to a copy of the source, where the tests that it names have to fail.

Each file in `bugs/` declares one bug by symbol, so it survives moved lines and reformatted code:

    description = "One sentence that says what is wrong."
    caught_by = ["tests/path.py::test_name"]    # or a whole test module

    [[edits]]
    symbol = "wasgo_chat.package.module:Class.method"    # or a function, a class, a module-level constant
    replace = "a snippet that occurs exactly once in the source of the symbol"
    with = "its replacement"

A snippet of several lines matches whole lines at any common indentation. To insert code, replace a line with itself
and more. Edits are applied in order.

`make seeded-bugs` first runs the named tests without a bug: a test that fails anyway catches nothing. Then it runs each
bug, and exits with 1 if one is not caught or an edit does not resolve. `python -m tests.chaos.seeded_bugs --check` runs
no test and lists the edits and tests that do not resolve.
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUGS = Path(__file__).with_name("bugs")
COPIED = ("src", "migrations", "alembic.ini")
PARALLEL_RUNS = 2
TIMEOUT_S = 600
TESTS_FAILED = 1
"""pytest's exit code for failed tests; a bug with which the tests cannot even start proves nothing."""


class Unresolved(Exception):
    """An edit or a test that a bug names does not exist in the tree."""


@dataclass(frozen=True)
class Edit:
    """The replacement of one snippet in the source of one symbol."""

    symbol: str
    snippet: str
    replacement: str

    def apply(self, tree: Path) -> None:
        """Write the changed module.

        Raises:
            Unresolved: there is no such symbol, or the snippet does not occur exactly once in it.
        """
        path = self.path(tree)
        source = path.read_text()
        lines = source.splitlines(keepends=True)
        first, last = self._lines(source)
        changed = self._substitute("".join(lines[first:last]))
        path.write_text("".join(lines[:first]) + changed + "".join(lines[last:]))

    def path(self, tree: Path) -> Path:
        """The module of the symbol.

        Raises:
            Unresolved: there is none.
        """
        base = (tree / "src").joinpath(*self.symbol.partition(":")[0].split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
        raise Unresolved(f"{self.symbol}: no such module")

    def _lines(self, source: str) -> tuple[int, int]:
        """The first line of the symbol and the one after its last, counted from 0."""
        nodes: list[ast.stmt] = ast.parse(source).body
        first, last = 0, 0
        for name in self.symbol.partition(":")[2].split("."):
            node = next((node for node in nodes if name in _defined_names(node)), None)
            if node is None or node.end_lineno is None:
                raise Unresolved(f"{self.symbol}: the module has no {name}")
            first, last = node.lineno - 1, node.end_lineno
            nodes = node.body if isinstance(node, ast.ClassDef) else []
        return first, last

    def _substitute(self, text: str) -> str:
        if "\n" in self.snippet:
            found = {
                indent: text.count("\n" + textwrap.indent(self.snippet, indent) + "\n")
                for indent in set(re.findall(r"^ *", text, re.MULTILINE))
            }
            indent = next((indent for indent in found if found[indent]), "")
            times, snippet = sum(found.values()), textwrap.indent(self.snippet, indent)
            replacement = textwrap.indent(self.replacement, indent)
        else:
            times, snippet = text.count(self.snippet), self.snippet
            line = next((line for line in text.splitlines() if snippet in line), "")
            indent = line[: len(line) - len(line.lstrip())]
            replacement = self.replacement.replace("\n", "\n" + indent)
        if times != 1:
            raise Unresolved(f"{self.symbol}: the snippet occurs {times} times, not once:\n{self.snippet}")
        return text.replace(snippet, replacement)


def _defined_names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(name)):
            return [name]
        case _:
            return []


@dataclass(frozen=True)
class Bug:
    """One declared bug and the tests that must catch it."""

    id: str
    description: str
    caught_by: tuple[str, ...]
    edits: tuple[Edit, ...]

    @classmethod
    def load(cls, path: Path) -> "Bug":
        """Read a declaration."""
        declared = tomllib.loads(path.read_text())
        edits = [
            Edit(one["symbol"], one["replace"].rstrip("\n"), one["with"].rstrip("\n")) for one in declared["edits"]
        ]
        return cls(path.stem, declared["description"], tuple(declared["caught_by"]), tuple(edits))

    def apply(self, tree: Path) -> None:
        """Apply all edits to a copy of the source.

        Raises:
            Unresolved: an edit does not resolve, or its result is not valid.
        """
        for edit in self.edits:
            edit.apply(tree)
        for path in {edit.path(tree) for edit in self.edits}:
            _check_names(path, ROOT / path.relative_to(tree))

    def check(self) -> list[str]:
        """What does not resolve; empty if the bug can be run."""
        wrong = [f"{self.id}: no such test: {test}" for test in self.caught_by if not _test_exists(test)]
        with tempfile.TemporaryDirectory(prefix="wasgo-chat-bug-") as folder:
            tree = Path(folder)
            try:
                for original in {edit.path(ROOT) for edit in self.edits}:  # a copy of all modules would be slow
                    copy = tree / original.relative_to(ROOT)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(original, copy)
                self.apply(tree)
            except Unresolved as error:
                wrong.append(f"{self.id}: {error}")
        return wrong

    def run(self) -> tuple[bool, str]:
        """Whether the tests fail with the bug applied, and the first of them that does (or what went wrong)."""
        with tempfile.TemporaryDirectory(prefix="wasgo-chat-bug-") as folder:
            tree = Path(folder)
            for name in COPIED:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, tree / name)
            try:
                self.apply(tree)
            except Unresolved as error:
                return False, str(error)
            try:
                ran = _run_tests(self.caught_by, tree / "src")
            except subprocess.TimeoutExpired:
                return False, f"the tests ran longer than {TIMEOUT_S} s"
        failed = _failed(ran.stdout)
        if ran.returncode != TESTS_FAILED or not failed:
            return False, f"not caught (pytest exited with {ran.returncode})"
        return True, failed[0]


def _check_names(changed: Path, original: Path) -> None:
    """A replacement that is not valid or uses a name that is gone would fail every test and prove nothing.

    Raises:
        Unresolved: the module does not compile, or has an undefined name or an attribute that it had not before.
    """
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", "--output-format=concise"]
    ran = subprocess.run([*command, str(changed)], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Unresolved(f"the replacement is not valid: {ran.stdout.splitlines()[0]}")
    if unknown := _attributes(changed) - _attributes(original):
        raise Unresolved(f"the replacement uses names that {original.name} does not: {', '.join(sorted(unknown))}")


def _attributes(module: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(module.read_text())))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg is not None}


def _run_tests(tests: Iterable[str], source: Path) -> "subprocess.CompletedProcess[str]":
    """Run tests against a source folder, up to the first failure."""
    env = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-p", "no:cacheprovider", "--tb=no", *tests]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)


def _failed(output: str) -> list[str]:
    return re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output, re.MULTILINE)


def _test_exists(test: str) -> bool:
    path, _, name = test.partition("::")
    module = ROOT / path
    return module.is_file() and bool(re.search(rf"def {name}\(" if name else "def test_", module.read_text()))


def load_bugs() -> list[Bug]:
    """All of them, in the order of their numbers."""
    return [Bug.load(path) for path in sorted(BUGS.glob("*.toml"))]


def main() -> int:
    """Run the command line; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the numbers of some bugs, separated by commas")
    parser.add_argument("--check", action="store_true", help="run no test, list what does not resolve")
    given = parser.parse_args()
    chosen = [bug for bug in load_bugs() if bug.id.startswith(tuple(given.only.split(",")))]
    if given.check:
        wrong = [problem for bug in chosen for problem in bug.check()]
        sys.stdout.write("".join(f"{problem}\n" for problem in wrong))
        return int(bool(wrong))
    named = dict.fromkeys(test for bug in chosen for test in bug.caught_by)
    if failed := _failed(_run_tests(named, ROOT / "src").stdout):
        sys.stdout.write(f"without a bug, this test fails: {failed[0]}\n")
        return 1
    survivors = 0
    with ThreadPoolExecutor(PARALLEL_RUNS) as pool:
        for bug, (is_caught, by) in zip(chosen, pool.map(Bug.run, chosen), strict=True):
            survivors += not is_caught
            sys.stdout.write(f"{'caught' if is_caught else 'MISSED':7} {bug.id:40} {by}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - survivors} of {len(chosen)} bugs caught\n")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
