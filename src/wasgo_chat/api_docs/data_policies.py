"""The table of `docs/privacy.md`: what every database table stores of a person, from `__data_policy__` of its class."""

from wasgo_chat import tables
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base

MARKER = "data policies"


def data_policies() -> dict[str, tuple[DataPolicy, ...]]:
    """By table name, in alphabetical order.

    Raises:
        TypeError: a table declares no policy.
    """
    classes = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    policies: dict[str, tuple[DataPolicy, ...]] = {}
    for name, table in sorted(tables.METADATA.tables.items()):
        declared = vars(classes[table]).get("__data_policy__")
        if not declared:
            raise TypeError(f"{classes[table].__name__} must declare __data_policy__: see database/data_policy.py.")
        policies[name] = declared
    return policies


def data_policy_table() -> str:
    """The policies as a Markdown table. Data that does not refer to a person comes last."""
    rows = [(policy, name) for name, declared in data_policies().items() for policy in declared]
    rows.sort(key=lambda row: not row[0].is_personal)
    lines = ["| data | table | kept | export | erasure |", "| --- | --- | --- | --- | --- |"]
    for policy, name in rows:
        lines.append(f"| {policy.data} | `{name}` | {policy.kept} | {policy.exported} | {policy.erased} |")
    return "\n".join(lines)
