from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime


T = TypeVar("T", bound="AuditOut")


@_attrs_define
class AuditOut:
    """One action. `user_id` is the user it affected; `target` is the affected row, or the changed fields.

    Attributes:
        id (UUID):
        at (datetime.datetime):
        actor_id (None | str):
        service (None | str):
        action (str):
        conversation (None | UUID):
        user_id (None | str):
        target (None | str):
        request_id (None | str):
    """

    id: UUID
    at: datetime.datetime
    actor_id: None | str
    service: None | str
    action: str
    conversation: None | UUID
    user_id: None | str
    target: None | str
    request_id: None | str

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        at = self.at.isoformat()

        actor_id: None | str
        actor_id = self.actor_id

        service: None | str
        service = self.service

        action = self.action

        conversation: None | str
        if isinstance(self.conversation, UUID):
            conversation = str(self.conversation)
        else:
            conversation = self.conversation

        user_id: None | str
        user_id = self.user_id

        target: None | str
        target = self.target

        request_id: None | str
        request_id = self.request_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "at": at,
                "actor_id": actor_id,
                "service": service,
                "action": action,
                "conversation": conversation,
                "user_id": user_id,
                "target": target,
                "request_id": request_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_actor_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        actor_id = _parse_actor_id(d.pop("actor_id"))

        def _parse_service(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        service = _parse_service(d.pop("service"))

        action = d.pop("action")

        def _parse_conversation(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                conversation_type_0 = UUID(data)

                return conversation_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        conversation = _parse_conversation(d.pop("conversation"))

        def _parse_user_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        user_id = _parse_user_id(d.pop("user_id"))

        def _parse_target(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        target = _parse_target(d.pop("target"))

        def _parse_request_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        request_id = _parse_request_id(d.pop("request_id"))

        audit_out = cls(
            id=id,
            at=at,
            actor_id=actor_id,
            service=service,
            action=action,
            conversation=conversation,
            user_id=user_id,
            target=target,
            request_id=request_id,
        )

        return audit_out
