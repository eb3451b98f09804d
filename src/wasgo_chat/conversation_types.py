"""The conversation types: their only declaration. It is below every package, because settings name types.

Everything else derives from it: CHECK constraints, request and response schemas, settings, the integration routes, the
import format, generated data and the API documents. To add a type, declare it here, migrate the CHECK constraint (and
the index `uq_conversations_reference`, if it has a reference), name it in the web client and describe it in
docs/protocol.md.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationType:
    """What the service has to know about a type of conversations.

    Attributes:
        name: the value in the database and on the wire.
        has_pair: exactly two participants, one conversation for each pair of users, no roles and no system messages.
        url_segment: for types about an object of the platform: path segment of `/{segment}/{id}/conversation/`. Such
            a conversation has a reference, and there is one conversation for each reference.
        has_assigned_staff: a staff user is assigned as moderator and can reassign the conversation.
        is_created_by_users: default of the setting `user_conversation_types`; services create every type.
        seed_weight: relative frequency in data made by `wasgo-chat seed`.
    """

    name: str
    has_pair: bool = False
    url_segment: str | None = None
    has_assigned_staff: bool = False
    is_created_by_users: bool = False
    seed_weight: int = 10

    @property
    def is_referenced(self) -> bool:
        """Whether such a conversation is about exactly one object of the platform."""
        return self.url_segment is not None


DIRECT = ConversationType(name="direct", has_pair=True, is_created_by_users=True, seed_weight=40)
JOB = ConversationType(name="job", url_segment="jobs", seed_weight=20)
BID = ConversationType(name="bid", url_segment="bids", seed_weight=15)
REQUEST = ConversationType(name="request", url_segment="requests", seed_weight=10)
SUPPORT = ConversationType(name="support", has_assigned_staff=True, is_created_by_users=True, seed_weight=10)
DISPUTE = ConversationType(name="dispute", url_segment="disputes", seed_weight=5)

# The order of both tuples is the order in CHECK constraints, index predicates and API documents: append new types.
CONVERSATION_TYPES = {type_.name: type_ for type_ in (DIRECT, JOB, BID, REQUEST, SUPPORT, DISPUTE)}
REFERENCED_TYPES = {type_.name: type_ for type_ in (BID, JOB, REQUEST, DISPUTE)}

if TYPE_CHECKING:
    ConversationTypeName = str
else:
    # A Literal rather than an enum: Pydantic then describes it in place, without a schema of its own.
    ConversationTypeName = Literal[tuple(CONVERSATION_TYPES)]
