from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.delivery_out_channel import check_delivery_out_channel
from ..models.delivery_out_channel import DeliveryOutChannel
from ..models.delivery_out_state import check_delivery_out_state
from ..models.delivery_out_state import DeliveryOutState
from typing import cast
from uuid import UUID
import datetime


T = TypeVar("T", bound="DeliveryOut")


@_attrs_define
class DeliveryOut:
    """An e-mail, push or webhook: its user, its state, and the error of the last failed attempt.

    Attributes:
        id (UUID):
        user_id (str):
        conversation (UUID):
        channel (DeliveryOutChannel):
        state (DeliveryOutState):
        attempts (int):
        due_at (datetime.datetime):
        error (None | str):
        created_at (datetime.datetime):
        settled_at (datetime.datetime | None):
    """

    id: UUID
    user_id: str
    conversation: UUID
    channel: DeliveryOutChannel
    state: DeliveryOutState
    attempts: int
    due_at: datetime.datetime
    error: None | str
    created_at: datetime.datetime
    settled_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        user_id = self.user_id

        conversation = str(self.conversation)

        channel: str = self.channel

        state: str = self.state

        attempts = self.attempts

        due_at = self.due_at.isoformat()

        error: None | str
        error = self.error

        created_at = self.created_at.isoformat()

        settled_at: None | str
        if isinstance(self.settled_at, datetime.datetime):
            settled_at = self.settled_at.isoformat()
        else:
            settled_at = self.settled_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "user_id": user_id,
                "conversation": conversation,
                "channel": channel,
                "state": state,
                "attempts": attempts,
                "due_at": due_at,
                "error": error,
                "created_at": created_at,
                "settled_at": settled_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        user_id = d.pop("user_id")

        conversation = UUID(d.pop("conversation"))

        channel = check_delivery_out_channel(d.pop("channel"))

        state = check_delivery_out_state(d.pop("state"))

        attempts = d.pop("attempts")

        due_at = datetime.datetime.fromisoformat(d.pop("due_at"))

        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_settled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                settled_at_type_0 = datetime.datetime.fromisoformat(data)

                return settled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        settled_at = _parse_settled_at(d.pop("settled_at"))

        delivery_out = cls(
            id=id,
            user_id=user_id,
            conversation=conversation,
            channel=channel,
            state=state,
            attempts=attempts,
            due_at=due_at,
            error=error,
            created_at=created_at,
            settled_at=settled_at,
        )

        return delivery_out
