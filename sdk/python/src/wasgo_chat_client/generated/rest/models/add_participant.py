from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.add_participant_role import AddParticipantRole
from ..models.add_participant_role import check_add_participant_role
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="AddParticipant")


@_attrs_define
class AddParticipant:
    """The user to add, and their role.

    Attributes:
        user_id (str):
        role (AddParticipantRole | Unset):  Default: 'participant'.
    """

    user_id: str
    role: AddParticipantRole | Unset = "participant"

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        role: str | Unset = UNSET
        if not isinstance(self.role, Unset):
            role = self.role

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
            }
        )
        if role is not UNSET:
            field_dict["role"] = role

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        _role = d.pop("role", UNSET)
        role: AddParticipantRole | Unset
        if isinstance(_role, Unset):
            role = UNSET
        else:
            role = check_add_participant_role(_role)

        if d:
            raise ChatError("invalid", f"AddParticipant has no {', '.join(sorted(map(str, d)))}")

        add_participant = cls(
            user_id=user_id,
            role=role,
        )

        return add_participant
