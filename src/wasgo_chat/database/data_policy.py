"""How the personal data in a table is exported, erased and kept: declared in the table's class as `__data_policy__`.

The table in `docs/privacy.md` is generated from these declarations (`wasgo-chat privacy --write docs/privacy.md`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataPolicy:
    """How one kind of data in a table is handled. A table that holds several kinds declares one policy for each.

    Attributes:
        data: what is stored, as a reader of the documentation would call it.
        exported: the files of the export that contain it, in backticks; or `No: ` and the reason.
        erased: what erasing a user does with it.
        kept: how long it is stored otherwise, with the setting that limits it in backticks.
        is_personal: it refers to a person.
    """

    data: str
    exported: str
    erased: str
    kept: str
    is_personal: bool = True


def not_personal(data: str, *, kept: str) -> DataPolicy:
    """The policy of data that does not refer to a person."""
    return DataPolicy(data, exported="No: not personal", erased="Not affected", kept=kept, is_personal=False)
