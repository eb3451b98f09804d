from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from typing import Literal, cast
from uuid import UUID

if TYPE_CHECKING:
    from ..models.participant_out import ParticipantOut


T = TypeVar("T", bound="ParticipantAdded")


@_attrs_define
class ParticipantAdded:
    """A user joined the conversation.

    Attributes:
        conversation_id (UUID):
        seq (int):
        type_ (Literal['participant_added']):
        participant (ParticipantOut): A participant. They have read everything that others sent up to `last_read_seq`.
    """

    conversation_id: UUID
    seq: int
    type_: Literal["participant_added"]
    participant: ParticipantOut

    def to_dict(self) -> dict[str, Any]:
        from ..models.participant_out import ParticipantOut  # noqa: PLC0415

        conversation_id = str(self.conversation_id)

        seq = self.seq

        type_ = self.type_

        participant = self.participant.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "type": type_,
                "participant": participant,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.participant_out import ParticipantOut  # noqa: PLC0415

        d = dict(src_dict)
        conversation_id = UUID(d.pop("conversation_id"))

        seq = d.pop("seq")

        type_ = cast(Literal["participant_added"], d.pop("type"))
        if type_ != "participant_added":
            raise ValueError(f"type must match const 'participant_added', got '{type_}'")

        participant = ParticipantOut.from_dict(d.pop("participant"))

        participant_added = cls(
            conversation_id=conversation_id,
            seq=seq,
            type_=type_,
            participant=participant,
        )

        return participant_added
