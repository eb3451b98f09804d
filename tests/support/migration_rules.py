"""Rules for migrations that run while the previous release still serves, checked against their source.

A deliberate violation has a comment on the first line of its statement: `# allowed: why it is safe here`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
FIRST_CHECKED = "0006"
_ALLOWED = re.compile(r"#\s*allowed: \S")

_BREAKING = {
    "drop_column": "drops a column that the previous release still reads",
    "drop_table": "drops a table that the previous release still reads",
    "rename_table": "renames a table that the previous release still names",
}
_LOCKS_ITS_TABLE = "is checked under a lock: add it with postgresql_not_valid=True, then VALIDATE it"
_ADDED_CONSTRAINTS = ("create_foreign_key", "create_check_constraint")
_SQL = (
    (r"\bDROP\s+(COLUMN|TABLE)\b", "drops what the previous release still reads"),
    (r"\bRENAME\b", "renames what the previous release still names"),
    (r"\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b", "rewrites the table under a lock"),
    (r"\bSET\s+NOT\s+NULL\b", "reads the whole table under a lock, and refuses rows of the previous release"),
    (r"\bCREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY)", "blocks all writes: create it concurrently"),
    (r"\bADD\s+CONSTRAINT\b(?!.*\b(NOT\s+VALID|USING\s+INDEX)\b)", _LOCKS_ITS_TABLE),
    (r"\b(VACUUM\s+FULL|CLUSTER|LOCK\s+TABLE|TRUNCATE)\b", "locks the whole table"),
    (r"^\s*(UPDATE|DELETE)\b", "changes a table in one statement: do it in batches, in the background"),
)


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of a rule in a line of a migration."""

    line: int
    why: str


def checked_migrations() -> list[Path]:
    """The migrations that the rules apply to: those that may run on a database in use."""
    return [path for path in sorted(VERSIONS.glob("*.py")) if path.name[:4] >= FIRST_CHECKED]


def violations(source: str) -> list[Violation]:
    """The violations in the `upgrade` of a migration's source, in the order of its lines."""
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name != "downgrade"]
    calls = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.Call)]
    new = {_text(call.args[0]) for call in calls if _name(call) == "create_table" and call.args}
    lines = source.splitlines()
    found = [
        Violation(call.lineno, why)
        for call in calls
        for why in _problems(call, new)
        if not _ALLOWED.search(lines[call.lineno - 1])
    ]
    return sorted(found, key=lambda broken: broken.line)


def _problems(call: ast.Call, new: set[str]) -> Iterator[str]:
    name, texts = _name(call), [_text(one) for one in call.args]
    if name in _BREAKING:
        yield _BREAKING[name]
    elif name == "execute" and texts:
        yield from (why for pattern, why in _SQL if re.search(pattern, texts[0], re.IGNORECASE | re.DOTALL))
    elif name == "alter_column":
        yield from _alterations(call)
    elif name == "add_column" and texts[0] not in new:
        yield from _additions(call)
    elif len(texts) > 1 and texts[1] not in new:
        yield from _table_changes(call)


def _table_changes(call: ast.Call) -> Iterator[str]:
    name = _name(call)
    if name == "create_index" and not _is_true(call, "postgresql_concurrently"):
        yield "blocks all writes: use create_index_concurrently"
    elif name == "create_unique_constraint":
        yield "blocks all writes: create a unique index concurrently, and add the constraint USING INDEX"
    elif name in _ADDED_CONSTRAINTS and not _is_true(call, "postgresql_not_valid"):
        yield _LOCKS_ITS_TABLE


def _alterations(call: ast.Call) -> Iterator[str]:
    given = {one.arg for one in call.keywords}
    if "new_column_name" in given:
        yield "renames a column that the previous release still names"
    if "type_" in given:
        yield "rewrites the table under a lock"
    if any(one.arg == "nullable" and not _truth(one.value) for one in call.keywords):
        yield "reads the whole table under a lock, and refuses rows of the previous release"


def _additions(call: ast.Call) -> Iterator[str]:
    column = call.args[1] if len(call.args) > 1 else None
    if not isinstance(column, ast.Call):
        return
    given = {one.arg: one.value for one in column.keywords}
    if "nullable" in given and not _truth(given["nullable"]) and "server_default" not in given:
        yield "is required and has no default: the previous release does not fill it"
    default = given.get("server_default")
    if default is not None and re.search(r"random|clock_timestamp|nextval|uuid", ast.unparse(default)):
        yield "has a default that differs from row to row: that rewrites the table"


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and node.args:  # text("…")
        return _text(node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _is_true(call: ast.Call, keyword: str) -> bool:
    return any(one.arg == keyword and _truth(one.value) for one in call.keywords)
