from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.message_out import MessageOut
    from ..models.receipt_out import ReceiptOut
    from ..models.revision_out import RevisionOut


T = TypeVar("T", bound="InspectedMessage")


@_attrs_define
class InspectedMessage:
    """A message with its revisions, oldest first, and its read receipts.

    Attributes:
        message (MessageOut): A message. A deleted one is a tombstone: no content, attachments, reactions, mentions or
            metadata.
        revisions (list[RevisionOut]):
        receipts (list[ReceiptOut]):
    """

    message: MessageOut
    revisions: list[RevisionOut]
    receipts: list[ReceiptOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.message_out import MessageOut  # noqa: PLC0415
        from ..models.receipt_out import ReceiptOut  # noqa: PLC0415
        from ..models.revision_out import RevisionOut  # noqa: PLC0415

        message = self.message.to_dict()

        revisions = []
        for revisions_item_data in self.revisions:
            revisions_item = revisions_item_data.to_dict()
            revisions.append(revisions_item)

        receipts = []
        for receipts_item_data in self.receipts:
            receipts_item = receipts_item_data.to_dict()
            receipts.append(receipts_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "message": message,
                "revisions": revisions,
                "receipts": receipts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.message_out import MessageOut  # noqa: PLC0415
        from ..models.receipt_out import ReceiptOut  # noqa: PLC0415
        from ..models.revision_out import RevisionOut  # noqa: PLC0415

        d = dict(src_dict)
        message = MessageOut.from_dict(d.pop("message"))

        revisions = []
        _revisions = d.pop("revisions")
        for revisions_item_data in _revisions:
            revisions_item = RevisionOut.from_dict(revisions_item_data)

            revisions.append(revisions_item)

        receipts = []
        _receipts = d.pop("receipts")
        for receipts_item_data in _receipts:
            receipts_item = ReceiptOut.from_dict(receipts_item_data)

            receipts.append(receipts_item)

        inspected_message = cls(
            message=message,
            revisions=revisions,
            receipts=receipts,
        )

        return inspected_message
