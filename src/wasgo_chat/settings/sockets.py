"""Settings: WebSocket connections and live delivery."""

from typing import ClassVar

from pydantic import BaseModel, Field


class SocketSettings(BaseModel):
    """WebSocket connections and live delivery."""

    heading: ClassVar[str] = "Sockets"

    max_frame_bytes: int = Field(
        65_536, ge=1024, description="Maximum bytes of a socket frame. A larger frame closes the socket with 1009."
    )
    max_sockets_per_user: int = Field(20, ge=1, description="Maximum open sockets per user and worker.")
    max_sockets_per_address: int = Field(
        500,
        ge=1,
        description="Maximum sockets per public address and worker. With `TRUSTED_PROXIES`, private addresses "
        "count too.",
    )
    max_opening_sockets: int = Field(
        500,
        ge=1,
        description="Maximum sockets per worker that have not received their `hello` yet. Further sockets are "
        "closed with 1013.",
    )
    max_subscriptions: int = Field(1000, ge=1, description="Maximum conversations that one socket subscribes to.")
    max_bad_frames: int = Field(
        10,
        ge=1,
        description="Consecutive malformed or rate-limited frames before a socket is closed. The close code is 4400, "
        "or 4429 if the last frame was rate-limited.",
    )
    heartbeat_s: float = Field(
        20.0,
        gt=0,
        description="Interval of WebSocket pings. A socket that does not answer within twice this time is closed.",
    )
    reconcile_s: float = Field(
        1.0, gt=0, description="How often a worker compares the heads of its conversations with the database."
    )
    replay_limit: int = Field(
        10_000,
        ge=1,
        description="Maximum events replayed to a reconnecting socket. Beyond it, the socket gets `resync`.",
    )
    send_buffer_bytes: int = Field(
        1_048_576,
        ge=65_536,
        description="Maximum unsent bytes of a socket before it stops receiving live events and has to catch up.",
    )
    slow_socket_s: float = Field(
        10.0, gt=0, description="How long a lagging socket may read nothing before it is closed with 4408."
    )
