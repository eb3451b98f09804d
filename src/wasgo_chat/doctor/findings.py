"""What a check says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from wasgo_chat.core.config import Settings

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy`: what to do, where something is to be done."""

    area: str
    level: Level
    what: str
    remedy: str = ""


Check = Callable[[Settings], Awaitable[list[Finding]]]


class Area:
    """Makes the findings of one area, in the order in which they are made."""

    def __init__(self, name: str) -> None:
        self.area_name = name
        self.findings: list[Finding] = []

    def ok(self, what: str) -> None:
        """It is as it should be."""
        self.findings.append(Finding(self.area_name, "ok", what))

    def warn(self, what: str, remedy: str) -> None:
        """It works, and could be better, or will not work for long."""
        self.findings.append(Finding(self.area_name, "warning", what, remedy))

    def error(self, what: str, remedy: str) -> None:
        """Something does not work."""
        self.findings.append(Finding(self.area_name, "error", what, remedy))
