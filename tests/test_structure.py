"""The structure of the source: no import cycles, small packages, and a bottom layer that knows nothing of chat."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src"
PACKAGE = SRC / "wasgo_chat"
MAX_MODULES = 22
MAX_CORE_MODULES = 12


def _module_of(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module_of(path): path for path in PACKAGE.rglob("*.py")}


def _imports_of(path: Path) -> set[str]:
    """The modules of the project that a module imports anywhere, also inside functions and for type checkers only."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {
                name if (name := f"{node.module}.{alias.name}") in MODULES else node.module for alias in node.names
            }
    return imported & MODULES.keys() - {_module_of(path)}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: _imports_of(path) for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" imports ".join(reversed(error.args[1]))) from None


def test_packages_stay_small() -> None:
    sizes = {
        str(folder.relative_to(PACKAGE)): len([path for path in folder.glob("*.py") if path.name != "__init__.py"])
        for folder in PACKAGE.rglob("*")
        if folder.is_dir()
    }
    assert {name: size for name, size in sizes.items() if size > MAX_MODULES} == {}
    assert sizes["core"] <= MAX_CORE_MODULES
