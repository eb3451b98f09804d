"""Keyset pages: `{"results", "next", "previous"}` with opaque signed cursors; no offsets, no counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import Field

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import ResponseModel, keyed_hash, sign_cursor, verify_cursor
from wasgo_chat.core.errors import Invalid

MAX_LIMIT = 100
DEFAULT_LIMIT = 50

Row = TypeVar("Row")


class PageShape(ResponseModel):
    """Base of documented pages."""

    next: str | None = Field(description="Cursor of the following page, null at the end.")
    previous: str | None = Field(description="Cursor of the page before, null at the start.")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which list is wanted.

    `listing` names the list together with its filters: a cursor of another list or other filters is refused.
    """

    settings: Settings
    list_key: list[Any]
    limit: int
    direction: Literal["n", "p"] = "n"
    key: tuple[Any, ...] | None = None

    @classmethod
    def parse(cls, settings: Settings, listing: list[Any], limit: int, cursor: str | None) -> "PageRequest":
        """Open a client's cursor.

        Raises:
            Invalid: it was not given out for this list.
        """
        if cursor is None:
            return cls(settings, listing, limit)
        opened = verify_cursor(settings.hash_key(), cursor)
        if opened is None or len(opened) < 3 or opened[0] != _name(settings, listing):
            raise Invalid.field(["query", "cursor"], "cursor", "is not a cursor of this list with these filters")
        return cls(settings, listing, limit, direction=opened[1], key=tuple(opened[2:]))

    @property
    def is_backward(self) -> bool:
        """Whether rows are to be fetched against the list's order (then `finish` turns them round)."""
        return self.direction == "p"

    def build_page(
        self, rows: Sequence[Row], key_of: Callable[[Row], Sequence[Any]]
    ) -> tuple[list[Row], dict[str, str | None]]:
        """From up to `limit + 1` fetched rows: the page in list order, and its two cursors."""
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
        """A cursor of this list: what follows (`n`) or precedes (`p`) a row."""
        return sign_cursor(self.settings.hash_key(), [_name(self.settings, self.list_key), direction, *key])


def _name(settings: Settings, listing: list[Any]) -> str:
    return keyed_hash(settings.hash_key(), listing).hex()[:16]
