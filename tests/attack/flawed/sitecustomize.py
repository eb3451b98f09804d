"""On the PYTHONPATH of a service, this gives it a flaw: the first `typing` frame blocks its worker and leaks memory."""

import contextlib
import time
from typing import Any

with contextlib.suppress(ImportError):  # other programs inherit the path too
    from wasgo_chat.gateway.command_registry import CommandRegistry

    kept: list[bytes] = []
    parse = CommandRegistry.parse

    def parse_slowly(self: CommandRegistry, text: str) -> Any:
        if "typing" in text and not kept:
            kept.append(b"x" * 160_000_000)
            time.sleep(4.2)  # a worker that is blocked for longer may be killed
        return parse(self, text)

    CommandRegistry.parse = parse_slowly  # type: ignore[method-assign]  # on purpose
