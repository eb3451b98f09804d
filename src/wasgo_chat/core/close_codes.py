"""The close codes of the WebSocket endpoints: the one declaration of what each means and what a client does next.

The AsyncAPI document, the SDKs (through that document), the table in `docs/protocol.md` and the label values of
`socket_closes_total` derive from it. It is in `core` because the counters, in a low layer, need the label values.
"""

from enum import IntEnum
from typing import Literal, Self

ClientAction = Literal["reconnect", "new_token", "wait", "stop"]
"""What a client does after a close.

- `reconnect`: reconnect with `after_seq` and backoff, after the seconds at the end of the reason if it has any.
- `new_token`: get a new token, then reconnect with `after_seq`.
- `wait`: reconnect after the seconds at the end of the reason; after 60 if it has none.
- `stop`: do not reconnect.
"""
Sender = Literal["protocol", "gateway"]
"""`protocol`: the WebSocket library closes the connection, for a reason of RFC 6455. `gateway`: this service does."""


class CloseCode(IntEnum):
    """A close code, what it means and how a client responds."""

    sender: Sender
    action: ClientAction
    meaning: str
    response: str

    def __new__(cls, code: int, sender: Sender, action: ClientAction, meaning: str, response: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.sender = sender
        member.action = action
        member.meaning = meaning
        member.response = response
        return member

    PROTOCOL_ERROR = (
        1002,
        "protocol",
        "reconnect",
        "A frame violates RFC 6455",
        "reconnect with `after_seq`; this is a bug in the client or in a proxy",
    )
    INVALID_TEXT = (
        1007,
        "protocol",
        "reconnect",
        "A text frame is not valid UTF-8",
        "reconnect with `after_seq`; this is a bug in the client or in a proxy",
    )
    FRAME_TOO_LARGE = (
        1009,
        "protocol",
        "reconnect",
        "A frame is larger than the limit (64 KiB by default), or a message has too many fragments",
        "do not send that frame again; reconnect with `after_seq`",
    )
    PING_TIMEOUT = (
        1011,
        "protocol",
        "reconnect",
        "`keepalive ping timeout`: no pong arrived within `heartbeat_s` seconds of a ping",
        "reconnect with `after_seq`",
    )
    RESTARTING = (
        1012,
        "gateway",
        "reconnect",
        "The service is restarting",
        "reconnect with `after_seq` after the seconds at the end of the reason: `restarting; retry after 2.3`",
    )
    OVERLOADED = (
        1013,
        "gateway",
        "reconnect",
        "The service is overloaded, or the database is unavailable",
        "reconnect with `after_seq`, after the seconds at the end of the reason if it has any (`busy; retry after "
        "3.1`); resend messages that were not acknowledged, with the same `client_id`",
    )
    MALFORMED = (
        4400,
        "gateway",
        "stop",
        "Too many malformed frames in a row (10 by default), an invalid `after_seq`, or an unknown query parameter",
        "do not reconnect; this is a bug in the client",
    )
    UNAUTHENTICATED = (
        4401,
        "gateway",
        "new_token",
        "The token is missing, invalid, expired or revoked",
        "get a new token, then reconnect with `after_seq`",
    )
    REMOVED = (4403, "gateway", "stop", "The user was removed from the conversation", "do not reconnect")
    NOT_FOUND = (
        4404,
        "gateway",
        "stop",
        "The conversation does not exist, or the user has no access to it",
        "do not reconnect",
    )
    TOO_SLOW = (
        4408,
        "gateway",
        "reconnect",
        "The client did not read fast enough",
        "reconnect with `after_seq`",
    )
    RATE_LIMITED = (
        4429,
        "gateway",
        "wait",
        "Too many frames, refused frames or tokens, or connections of one user or address",
        "reconnect after the seconds at the end of the reason: `too fast; retry after 1.2`",
    )

    @property
    def description(self) -> str:
        """Meaning and response, as one text."""
        return f"{self.meaning}: {self.response}."


def close_code_table() -> str:
    """The table of `docs/protocol.md`, in Markdown."""
    header = "| code | meaning | action | what a client does |\n| --- | --- | --- | --- |"
    rows = [f"| {code:d} | {code.meaning} | `{code.action}` | {code.response} |" for code in CloseCode]
    return "\n".join([header, *rows])
