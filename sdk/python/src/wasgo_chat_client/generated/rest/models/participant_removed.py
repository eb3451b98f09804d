from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from typing import Literal, cast
from uuid import UUID


T = TypeVar("T", bound="ParticipantRemoved")


@_attrs_define
class ParticipantRemoved:
    """Somebody left, or was removed; `by` is null for a service.

    Attributes:
        conversation_id (UUID):
        seq (int):
        type_ (Literal['participant_removed']):
        user_id (str):
        by (None | str):
    """

    conversation_id: UUID
    seq: int
    type_: Literal["participant_removed"]
    user_id: str
    by: None | str

    def to_dict(self) -> dict[str, Any]:
        conversation_id = str(self.conversation_id)

        seq = self.seq

        type_ = self.type_

        user_id = self.user_id

        by: None | str
        by = self.by

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "type": type_,
                "user_id": user_id,
                "by": by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = UUID(d.pop("conversation_id"))

        seq = d.pop("seq")

        type_ = cast(Literal["participant_removed"], d.pop("type"))
        if type_ != "participant_removed":
            raise ValueError(f"type must match const 'participant_removed', got '{type_}'")

        user_id = d.pop("user_id")

        def _parse_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        by = _parse_by(d.pop("by"))

        participant_removed = cls(
            conversation_id=conversation_id,
            seq=seq,
            type_=type_,
            user_id=user_id,
            by=by,
        )

        return participant_removed
