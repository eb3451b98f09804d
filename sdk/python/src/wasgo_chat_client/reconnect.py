"""What to do after the service closes a connection: whether to reconnect, when, and with which token.

The action of each close code is generated from the AsyncAPI document; docs/protocol.md explains the codes.
"""

import re
from dataclasses import dataclass
from typing import Literal, assert_never

from wasgo_chat_client.backoff import backoff
from wasgo_chat_client.generated.close_codes import CLOSE_CODE_ACTIONS

DEFAULT_WAIT_S = 60.0
_RETRY_AFTER = re.compile(r"retry after ([\d.]+)")


@dataclass(frozen=True)
class ReconnectDecision:
    """What to do, and after how many seconds."""

    action: Literal["reconnect", "new_token", "stop"]
    seconds: float = 0.0


def reconnect_policy(code: int, reason: str, attempt: int) -> ReconnectDecision:
    """What to do after a close. `attempt` counts the closes since the last `hello`."""
    # A code that the service does not define, such as 1006, means that the connection was lost.
    action = CLOSE_CODE_ACTIONS.get(code, "reconnect")
    found = _RETRY_AFTER.search(reason)
    match action:
        case "stop":
            return ReconnectDecision("stop")
        case "new_token":
            return ReconnectDecision("new_token", 0.0 if attempt == 0 else backoff(attempt))
        case "wait":
            wait = float(found[1]) if found else DEFAULT_WAIT_S
            return ReconnectDecision("reconnect", wait + backoff(attempt))
        case "reconnect":
            return ReconnectDecision("reconnect", (float(found[1]) if found else 0.0) + backoff(attempt))
    assert_never(action)
