"""What the clients of a chaos run sent and received, and the final state of the database. Plain data, for pickling.

`rules` compares the two; `database_state` reads the second from a database.
"""

from array import array
from dataclasses import dataclass, field
from uuid import UUID

ACKED, REFUSED, UNKNOWN = "acked", "refused", "unknown"


@dataclass(slots=True)
class Send:
    """One message that a client sent, however often and by whichever route.

    `outcome` is `refused` only if the only attempt was: a later rejection says nothing about earlier attempts.
    `acks` are (message id, seq), one for each acknowledgement.
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
    """A `client_id` that was sent again with other content."""

    user: str
    conversation: str
    client_id: str
    outcome: str


@dataclass(slots=True)
class Session:
    """One subscription from `hello` to its end: the events in the order of their arrival.

    `head` is the last_seq of `hello`; `ids` are `short` message ids, 0 for events without a message; `close` is the
    close code of the service, None if the connection was lost.
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
        """The seq after which the next session has to start."""
        return self.seqs[-1] if self.seqs else self.after_seq


@dataclass(slots=True)
class Change:
    """An edit (with its content) or a deletion (content None), and its outcome."""

    conversation: str
    message_id: str
    content: str | None
    outcome: str
    revision: int | None = None


@dataclass(slots=True)
class ObservedLastRead:
    """A user's last_read_seq in a `hello`, with the times of the request and of the response."""

    conversation: str
    user: str
    seq: int
    asked_at: float
    answered_at: float


@dataclass(slots=True)
class MarkedRead:
    """Messages that the service acknowledged as marked."""

    conversation: str
    user: str
    message_ids: list[str]


MessageCopy = tuple[int, bool, str | None, frozenset[tuple[str, str]]]
"""A message in a client's copy: revision, whether deleted, content, reactions (user, emoji)."""


@dataclass
class History:
    """Everything that the clients of a run recorded."""

    sends: list[Send] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    last_reads: list[ObservedLastRead] = field(default_factory=list)
    marked: list[MarkedRead] = field(default_factory=list)
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    """At the end: (conversation, user) to the unread count of the service."""
    copies: dict[str, dict[str, MessageCopy]] = field(default_factory=dict)
    """At the end: by client, its copy of each message that was changed or reacted to."""
    caught_up: set[tuple[str, str]] = field(default_factory=set)
    """(client, conversation) of the members that were connected at the end and have to have received everything."""
    unexpected: list[str] = field(default_factory=list)
    """What must never happen: a 500, a `resync`, a close code that blames the client."""


@dataclass(slots=True)
class StoredMessage:
    """A message in the database; `first_content` is its content at revision 1."""

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
    """An event in the database."""

    seq: int
    type: str
    message_id: str | None
    user: str | None


@dataclass(slots=True)
class StoredParticipant:
    """A participant: when they joined, whether they are a member, and the ranges [from, to) of numbers they read."""

    joined_number: int
    is_in: bool
    read: list[tuple[int, int]]

    def has_read(self, number: int) -> bool:
        """Whether a message is marked as read."""
        return any(lower <= number < upper for lower, upper in self.read)


@dataclass
class DatabaseState:
    """The content of the database, by conversation."""

    heads: dict[str, int] = field(default_factory=dict)
    messages: dict[str, dict[str, StoredMessage]] = field(default_factory=dict)
    log: dict[str, list[StoredEvent]] = field(default_factory=dict)
    participants: dict[tuple[str, str], StoredParticipant] = field(default_factory=dict)
    reactions: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)


def short(message_id: str | None) -> int:
    """An id in eight bytes, to store millions of them: the random part of a UUIDv7."""
    return UUID(message_id).int & 0xFFFF_FFFF_FFFF_FFFF if message_id else 0
