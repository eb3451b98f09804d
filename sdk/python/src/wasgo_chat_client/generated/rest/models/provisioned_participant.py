from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.provisioned_participant_role import check_provisioned_participant_role
from ..models.provisioned_participant_role import ProvisionedParticipantRole
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="ProvisionedParticipant")


@_attrs_define
class ProvisionedParticipant:
    """A user to add, with the profile that a service may give.

    Attributes:
        user_id (str):
        role (ProvisionedParticipantRole | Unset):  Default: 'participant'.
        username (None | str | Unset):
        display_name (None | str | Unset):
    """

    user_id: str
    role: ProvisionedParticipantRole | Unset = "participant"
    username: None | str | Unset = UNSET
    display_name: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        role: str | Unset = UNSET
        if not isinstance(self.role, Unset):
            role = self.role

        username: None | str | Unset
        if isinstance(self.username, Unset):
            username = UNSET
        else:
            username = self.username

        display_name: None | str | Unset
        if isinstance(self.display_name, Unset):
            display_name = UNSET
        else:
            display_name = self.display_name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
            }
        )
        if role is not UNSET:
            field_dict["role"] = role
        if username is not UNSET:
            field_dict["username"] = username
        if display_name is not UNSET:
            field_dict["display_name"] = display_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        _role = d.pop("role", UNSET)
        role: ProvisionedParticipantRole | Unset
        if isinstance(_role, Unset):
            role = UNSET
        else:
            role = check_provisioned_participant_role(_role)

        def _parse_username(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        username = _parse_username(d.pop("username", UNSET))

        def _parse_display_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        display_name = _parse_display_name(d.pop("display_name", UNSET))

        if d:
            raise ChatError("invalid", f"ProvisionedParticipant has no {', '.join(sorted(map(str, d)))}")

        provisioned_participant = cls(
            user_id=user_id,
            role=role,
            username=username,
            display_name=display_name,
        )

        return provisioned_participant
