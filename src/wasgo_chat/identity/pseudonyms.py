"""Removes the names of an erased user from texts. Does not access the database."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ERASED_NAME = "erased user"
"""Replaces the names of an erased user."""

_SHORTEST_ASCII, _SHORTEST = 3, 2


@dataclass(frozen=True)
class ErasedPerson:
    """The id of an erased user, the pseudonym that replaces it, and all names, addresses and links in the mirror."""

    user_id: str
    pseudonym: str
    names: Sequence[str]

    @cached_property
    def search_terms(self) -> list[str]:
        """The terms to search for, in lower case. Very short names are left out: they would match everywhere."""
        words = {word for word in (self.user_id, *self.names) if len(word) >= _shortest(word)}
        return sorted({word.lower() for word in words}, key=lambda word: (-len(word), word))

    @cached_property
    def json_search_terms(self) -> list[str]:
        """The search terms as they are escaped in JSON."""
        return [term.replace("\\", "\\\\").replace('"', '\\"') for term in self.search_terms]

    def redact(self, value: Any) -> Any:
        """Remove the user from a text, or from all strings and keys of a JSON value."""
        match value:
            case str() if value == self.user_id:
                return self.pseudonym
            case str():
                return self._pattern.sub(ERASED_NAME, value) if self._pattern else value
            case dict():
                return {self.redact(key): self.redact(item) for key, item in value.items()}
            case list():
                return [self.redact(item) for item in value]
        return value

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        # Whole words only: Ann must not be removed from Annex.
        either = "|".join(re.escape(term) for term in self.search_terms)
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE) if either else None


def _shortest(word: str) -> int:
    return _SHORTEST_ASCII if word.isascii() else _SHORTEST
