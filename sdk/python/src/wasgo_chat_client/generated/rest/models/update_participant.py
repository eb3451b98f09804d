from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.update_participant_role import check_update_participant_role
from ..models.update_participant_role import UpdateParticipantRole
from typing import cast


T = TypeVar("T", bound="UpdateParticipant")


@_attrs_define
class UpdateParticipant:
    """The new role.

    Attributes:
        role (UpdateParticipantRole):
    """

    role: UpdateParticipantRole

    def to_dict(self) -> dict[str, Any]:
        role: str = self.role

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "role": role,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        role = check_update_participant_role(d.pop("role"))

        if d:
            raise ChatError("invalid", f"UpdateParticipant has no {', '.join(sorted(map(str, d)))}")

        update_participant = cls(
            role=role,
        )

        return update_participant
