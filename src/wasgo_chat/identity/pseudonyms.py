"""A person who is to be forgotten: by which words they are known, and how those go out of a text. No database."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ERASED_NAME = "erased user"
"""What an erased person is called."""

_SHORTEST_ASCII, _SHORTEST = 3, 2


@dataclass(frozen=True)
class ErasedPerson:
    """Somebody's id, the pseudonym that takes its place, and every name, address or link that the mirror had."""

    user_id: str
    pseudonym: str
    names: Sequence[str]

    @cached_property
    def search_terms(self) -> list[str]:
        """What to look for in a text, in lower case; too short a word would be found everywhere."""
        words = {word for word in (self.user_id, *self.names) if len(word) >= _shortest(word)}
        return sorted({word.lower() for word in words}, key=lambda word: (-len(word), word))

    @cached_property
    def json_search_terms(self) -> list[str]:
        """The same as they stand in JSON."""
        return [needle.replace("\\", "\\\\").replace('"', '\\"') for needle in self.search_terms]

    def redact(self, value: Any) -> Any:
        """A text without the person, or a JSON value with all texts in it, names of fields too."""
        match value:
            case str() if value == self.user_id:
                return self.pseudonym
            case str():
                return self._pattern.sub(ERASED_NAME, value) if self._pattern else value
            case dict():
                return {self.redact(key): self.redact(one) for key, one in value.items()}
            case list():
                return [self.redact(one) for one in value]
        return value

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        """Whole words only: Ann is not to go out of Annex."""
        either = "|".join(re.escape(needle) for needle in self.search_terms)
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE) if either else None


def _shortest(word: str) -> int:
    return _SHORTEST_ASCII if word.isascii() else _SHORTEST
