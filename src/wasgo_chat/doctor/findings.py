"""The findings of checks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from wasgo_chat.settings.config import Settings

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `remedy` says how to fix a warning or an error."""

    area: str
    level: Level
    what: str
    remedy: str = ""


Check = Callable[[Settings], Awaitable[list[Finding]]]


class Area:
    """Collects the findings of one area, in order."""

    def __init__(self, name: str) -> None:
        self.area_name = name
        self.findings: list[Finding] = []

    def ok(self, what: str) -> None:
        self.findings.append(Finding(self.area_name, "ok", what))

    def warn(self, what: str, remedy: str) -> None:
        """Report something that works but is suboptimal or will fail later."""
        self.findings.append(Finding(self.area_name, "warning", what, remedy))

    def error(self, what: str, remedy: str) -> None:
        self.findings.append(Finding(self.area_name, "error", what, remedy))
