"""What travels between workers: a small header and ready-made frame bytes behind it.

The header holds only what a hub must know to order and address; the frame itself is never parsed on the way.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from wasgo_chat.conversations.event_frames import EventFrame

CONTROL_CHANNEL = "wasgo:control"
_PREFIX = "wasgo:c:"


class Envelope(msgspec.Struct, omit_defaults=True, array_like=True):
    """Header of a publication.

    `number` is the seq of an event, or of the first of several in a row, the version of a reading, or 1 for who
    types or came and 0 for who stopped or went; `user` is who was removed, types (as `name`), was revoked, came or
    went. `at` is when messages were committed, in Unix seconds, 0 where nobody looked; `trace` is where a trace goes
    on, empty where traces are off.
    """

    kind: Literal["event", "reading", "typing", "revoked", "touched", "presence", "notified"]
    origin: str
    number: int = 0
    user: str | None = None
    role: tuple[str, str] | None = None
    name: str = ""
    at: float = 0.0
    trace: str = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode


def pack(header: Envelope, *frames: bytes) -> bytes:
    """Header and frames, a line each: JSON has no raw newlines."""
    return b"\n".join((_encode(header), *frames))


def unpack(payload: bytes) -> tuple[Envelope, list[bytes]]:
    """The reverse.

    Raises:
        msgspec.DecodeError: it was not packed here, or by another version.
    """
    header, *frames = payload.split(b"\n")
    return _decode(header), frames


def pack_events(origin: str, frames: Sequence[EventFrame], at: float = 0.0, trace: str = "") -> list[bytes]:
    """Durable frames with consecutive seqs, in few publications: what the hub must look at goes alone.

    Args:
        origin: the worker that tells.
        frames: to be told.
        at: when they were committed, in Unix seconds, if they are messages.
        trace: where a trace goes on.
    """
    packed: list[bytes] = []
    plain: list[EventFrame] = []
    for frame in frames:
        if frame.removed is None and frame.role is None:
            plain.append(frame)
            continue
        packed += _pack_plain(origin, plain, at, trace)
        plain = []
        header = Envelope("event", origin, frame.seq, frame.removed, frame.role, trace=trace)
        packed.append(pack(header, frame.data))
    return packed + _pack_plain(origin, plain, at, trace)


def _pack_plain(origin: str, frames: Sequence[EventFrame], at: float, trace: str) -> list[bytes]:
    if not frames:
        return []
    header = Envelope("event", origin, frames[0].seq, at=at, trace=trace)
    return [pack(header, *(frame.data for frame in frames))]


def channel_of(conversation_id: UUID) -> str:
    """The channel of a conversation."""
    return f"{_PREFIX}{conversation_id}"


def conversation_of(channel: str) -> UUID | None:
    """The conversation of a channel, None for others."""
    return UUID(channel.removeprefix(_PREFIX)) if channel.startswith(_PREFIX) else None
