from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="CreateSupportConversation")


@_attrs_define
class CreateSupportConversation:
    """A request for help; `content` becomes the first message.

    Attributes:
        support_type (str):
        title (str | Unset):  Default: ''.
        content (None | str | Unset):
    """

    support_type: str
    title: str | Unset = ""
    content: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        support_type = self.support_type

        title = self.title

        content: None | str | Unset
        if isinstance(self.content, Unset):
            content = UNSET
        else:
            content = self.content

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "support_type": support_type,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title
        if content is not UNSET:
            field_dict["content"] = content

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        support_type = d.pop("support_type")

        title = d.pop("title", UNSET)

        def _parse_content(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        content = _parse_content(d.pop("content", UNSET))

        if d:
            raise ChatError("invalid", f"CreateSupportConversation has no {', '.join(sorted(map(str, d)))}")

        create_support_conversation = cls(
            support_type=support_type,
            title=title,
            content=content,
        )

        return create_support_conversation
