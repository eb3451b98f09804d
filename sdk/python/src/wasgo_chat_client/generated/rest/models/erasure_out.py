from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.erasure_out_state import check_erasure_out_state
from ..models.erasure_out_state import ErasureOutState
from typing import cast
import datetime


T = TypeVar("T", bound="ErasureOut")


@_attrs_define
class ErasureOut:
    """The progress of an erasure. While it is `running`, the user is already hidden and their tokens are rejected.

    Attributes:
        user_id (str):
        state (ErasureOutState):
        messages (int): Messages that have become tombstones so far.
        conversations (int): Conversations processed so far.
        requested_at (datetime.datetime):
        done_at (datetime.datetime | None):
    """

    user_id: str
    state: ErasureOutState
    messages: int
    conversations: int
    requested_at: datetime.datetime
    done_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        state: str = self.state

        messages = self.messages

        conversations = self.conversations

        requested_at = self.requested_at.isoformat()

        done_at: None | str
        if isinstance(self.done_at, datetime.datetime):
            done_at = self.done_at.isoformat()
        else:
            done_at = self.done_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
                "state": state,
                "messages": messages,
                "conversations": conversations,
                "requested_at": requested_at,
                "done_at": done_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        state = check_erasure_out_state(d.pop("state"))

        messages = d.pop("messages")

        conversations = d.pop("conversations")

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))

        def _parse_done_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                done_at_type_0 = datetime.datetime.fromisoformat(data)

                return done_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        done_at = _parse_done_at(d.pop("done_at"))

        erasure_out = cls(
            user_id=user_id,
            state=state,
            messages=messages,
            conversations=conversations,
            requested_at=requested_at,
            done_at=done_at,
        )

        return erasure_out
