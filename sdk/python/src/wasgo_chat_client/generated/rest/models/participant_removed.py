from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast
from uuid import UUID


T = TypeVar("T", bound="ParticipantRemoved")


@_attrs_define
class ParticipantRemoved:
    """A user left or was removed; `by` is null if a service did it.

    If the user was erased, `member_ids` lists the remaining members: drop every other participant, because `user_id`
    can be an id that the client does not know.

        Attributes:
            conversation_id (UUID):
            seq (int):
            type_ (Literal['participant_removed']):
            user_id (str):
            by (None | str):
            member_ids (list[str] | None | Unset):
    """

    conversation_id: UUID
    seq: int
    type_: Literal["participant_removed"]
    user_id: str
    by: None | str
    member_ids: list[str] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        conversation_id = str(self.conversation_id)

        seq = self.seq

        type_ = self.type_

        user_id = self.user_id

        by: None | str
        by = self.by

        member_ids: list[str] | None | Unset
        if isinstance(self.member_ids, Unset):
            member_ids = UNSET
        elif isinstance(self.member_ids, list):
            member_ids = self.member_ids

        else:
            member_ids = self.member_ids

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
        if member_ids is not UNSET:
            field_dict["member_ids"] = member_ids

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

        def _parse_member_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                member_ids_type_0 = cast(list[str], data)

                return member_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        member_ids = _parse_member_ids(d.pop("member_ids", UNSET))

        participant_removed = cls(
            conversation_id=conversation_id,
            seq=seq,
            type_=type_,
            user_id=user_id,
            by=by,
            member_ids=member_ids,
        )

        return participant_removed
