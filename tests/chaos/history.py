"""What the clients of a chaos run did and saw, and what the database holds at its end. Plain data, to be pickled.

`rules` says what must be true of the two; `truth` reads the second from a database.
"""

from array import array
from dataclasses import dataclass, field
from uuid import UUID

ACKED, REFUSED, UNKNOWN = "acked", "refused", "unknown"


@dataclass(slots=True)
class Send:
    """One message that a client wanted to say, however often and by whichever door it tried.

    `outcome` is `refused` only where the first and only try was: a later refusal says nothing of the tries before.
    `acks` are (message id, seq), one for each answer.
    """

    client: str
    user: str
    conversation: str
    client_id: str
    content: str
    sent_at: float = 0.0
    outcome: str = UNKNOWN
    acks: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Conflict:
    """A `client_id` that was stored before, said again with other content."""

    user: str
    conversation: str
    client_id: str
    outcome: str


@dataclass(slots=True)
class Session:
    """One subscription from `hello` to its end: the durable frames in the order in which they came.

    `head` is the last_seq of `hello`; `ids` are `short` message ids, 0 for frames about none; `times` are monotonic
    seconds; `close` is the code that the service closed with, None where the connection was lost or cut.
    """

    client: str
    user: str
    conversation: str
    after_seq: int
    head: int
    seqs: "array[int]" = field(default_factory=lambda: array("q"))
    ids: "array[int]" = field(default_factory=lambda: array("Q"))
    close: int | None = None

    def last(self) -> int:
        """Where the next session has to begin."""
        return self.seqs[-1] if self.seqs else self.after_seq


@dataclass(slots=True)
class Change:
    """An edit (with its content) or a deletion (content None) that was answered, and how."""

    conversation: str
    message_id: str
    content: str | None
    outcome: str
    revision: int | None = None


@dataclass(slots=True)
class ObservedLastRead:
    """What a `hello` said of somebody's last_read_seq, and when it was asked and answered."""

    conversation: str
    user: str
    seq: int
    asked_at: float
    answered_at: float


@dataclass(slots=True)
class MarkedRead:
    """Messages that the service said it had marked as read."""

    conversation: str
    user: str
    message_ids: list[str]


MessageCopy = tuple[int, bool, str | None, frozenset[tuple[str, str]]]
"""A message in a client's copy: revision, whether deleted, content, reactions (user, emoji)."""


@dataclass
class History:
    """Everything that the clients of a run know."""

    sends: list[Send] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    last_reads: list[ObservedLastRead] = field(default_factory=list)
    marked: list[MarkedRead] = field(default_factory=list)
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    """At rest, at the end: (conversation, user) to what the service counts."""
    copies: dict[str, dict[str, MessageCopy]] = field(default_factory=dict)
    """At rest: by client, its copy of each message that was changed or reacted to."""
    caught_up: set[tuple[str, str]] = field(default_factory=set)
    """(client, conversation) of those who were members and connected at the end: they have seen all of it."""
    unexpected: list[str] = field(default_factory=list)
    """What must never come: a 500, a `resync`, a close code that says a client is to blame."""


@dataclass(slots=True)
class StoredMessage:
    """A message as the database holds it; `said` is its content at revision 1."""

    seq: int
    number: int
    user: str | None
    client_id: str | None
    first_content: str | None
    content: str | None
    revision: int
    is_deleted: bool


@dataclass(slots=True)
class StoredEvent:
    """An event as the database holds it."""

    seq: int
    type: str
    message_id: str | None
    user: str | None


@dataclass(slots=True)
class StoredParticipant:
    """A participant: when they joined, whether they are in, and the ranges [from, to) of numbers they read."""

    joined_number: int
    is_in: bool
    read: list[tuple[int, int]]

    def has_read(self, number: int) -> bool:
        """Whether a message is marked."""
        return any(lower <= number < upper for lower, upper in self.read)


@dataclass
class DatabaseState:
    """What the database holds, by conversation."""

    heads: dict[str, int] = field(default_factory=dict)
    messages: dict[str, dict[str, StoredMessage]] = field(default_factory=dict)
    log: dict[str, list[StoredEvent]] = field(default_factory=dict)
    participants: dict[tuple[str, str], StoredParticipant] = field(default_factory=dict)
    reactions: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)


def short(message_id: str | None) -> int:
    """An id in eight bytes, for millions of them: a UUIDv7's random end."""
    return UUID(message_id).int & 0xFFFF_FFFF_FFFF_FFFF if message_id else 0
