"""Keyset pagination: `{"results", "next", "previous"}` with opaque signed cursors, without offsets or totals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel, keyed_hash, sign_cursor, verify_cursor
from wasgo_chat.core.errors import Invalid
from wasgo_chat.settings.config import Settings

MAX_LIMIT = 100
DEFAULT_LIMIT = 50

Row = TypeVar("Row")


class PageShape(ResponseModel):
    """Base of the documented page schemas."""

    next: str | None = Field(description="Cursor of the next page; null on the last page.")
    previous: str | None = Field(description="Cursor of the previous page; null on the first page.")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The requested page of a list.

    `list_key` identifies the list and its filters: a cursor of another list or with other filters is rejected.
    """

    settings: Settings
    list_key: list[Any]
    limit: int
    direction: Literal["n", "p"] = "n"
    key: tuple[Any, ...] | None = None

    @classmethod
    def parse(cls, settings: Settings, list_key: list[Any], limit: int, cursor: str | None) -> "PageRequest":
        """Parse and verify a client's cursor.

        Raises:
            Invalid: the cursor was not issued for this list.
        """
        if cursor is None:
            return cls(settings, list_key, limit)
        parts = verify_cursor(settings.hash_key(), cursor)
        if parts is None or len(parts) < 3 or parts[0] != _list_hash(settings, list_key):
            raise Invalid.field(["query", "cursor"], "cursor", "is not a cursor of this list with these filters")
        return cls(settings, list_key, limit, direction=parts[1], key=tuple(parts[2:]))

    @property
    def is_backward(self) -> bool:
        """Whether rows must be fetched in reverse list order; `build_page` restores the order."""
        return self.direction == "p"

    def build_page(
        self, rows: Sequence[Row], key_of: Callable[[Row], Sequence[Any]]
    ) -> tuple[list[Row], dict[str, str | None]]:
        """The page in list order and its cursors, from up to `limit + 1` fetched rows."""
        has_more, page = len(rows) > self.limit, list(rows[: self.limit])
        if self.is_backward:
            page.reverse()
        has_next = bool(page) and (self.is_backward or has_more)
        has_previous = bool(page) and (has_more if self.is_backward else self.key is not None)
        return page, {
            "next": self.cursor("n", key_of(page[-1])) if has_next else None,
            "previous": self.cursor("p", key_of(page[0])) if has_previous else None,
        }

    def cursor(self, direction: Literal["n", "p"], key: Sequence[Any]) -> str:
        """The cursor of the page after (`n`) or before (`p`) a row."""
        return sign_cursor(self.settings.hash_key(), [_list_hash(self.settings, self.list_key), direction, *key])


def _list_hash(settings: Settings, list_key: list[Any]) -> str:
    return keyed_hash(settings.hash_key(), list_key).hex()[:16]
