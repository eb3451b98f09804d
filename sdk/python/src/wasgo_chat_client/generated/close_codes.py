"""Generated from docs/asyncapi.json by tools/generate.py: do not edit."""

from collections.abc import Mapping
from typing import Literal

CloseCodeAction = Literal["new_token", "reconnect", "stop", "wait"]
"""What a client does after the service closes a connection.

`wait`: reconnect after the seconds at the end of the reason.
"""

CLOSE_CODE_ACTIONS: Mapping[int, CloseCodeAction] = {
    1002: "reconnect",
    1007: "reconnect",
    1009: "reconnect",
    1011: "reconnect",
    1012: "reconnect",
    1013: "reconnect",
    4400: "stop",
    4401: "new_token",
    4403: "stop",
    4404: "stop",
    4408: "reconnect",
    4429: "wait",
}
