"""Request and response schemas of the operator routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import RequestModel, ResponseModel, SingleLine
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.identity.users import UserOut
from wasgo_chat.membership.schemas import ConversationCore, ParticipantOut
from wasgo_chat.messages.schemas import MessageOut, ReceiptOut
from wasgo_chat.notifications.channels import ChannelName

ErrorWord = Annotated[SingleLine, Field(min_length=1, max_length=200)]


class InspectedConversation(ConversationCore):
    """A conversation in the operators' list, without any message."""

    created_by: str | None
    last_seq: int
    message_count: int
    participant_count: int = Field(description="The number of current participants.")
    people: list[UserOut] = Field(description="The first of them, by the time of joining.")


class InspectedConversationPage(PageShape):
    """A page of conversations of all users, newest first by creation."""

    results: list[InspectedConversation]


class InspectedConversationDetail(InspectedConversation):
    """A conversation with its current and former participants. Former ones have `left_at`."""

    participants: list[ParticipantOut]


class InspectedMessagePage(PageShape):
    """A page of messages of a conversation, newest first."""

    results: list[MessageOut]


class RevisionOut(ResponseModel):
    """A revision of a message. `replaced_at` is null for the current one, `content` for a deletion."""

    revision: int
    content: str | None
    written_at: datetime | None = Field(description="Null if the revision before it is no longer stored.")
    replaced_at: datetime | None


class InspectedMessage(ResponseModel):
    """A message with its revisions, oldest first, and its read receipts."""

    message: MessageOut
    revisions: list[RevisionOut]
    receipts: list[ReceiptOut]


class DeadKind(ResponseModel):
    """Dead deliveries of one channel that failed for one reason."""

    channel: ChannelName
    error: str | None
    count: int
    oldest_at: datetime
    newest_at: datetime


class DeadKinds(ResponseModel):
    """Dead deliveries by channel and reason, most frequent first."""

    results: list[DeadKind]
    is_complete: bool = Field(description="False if there are too many to count: then only the newest were counted.")


class RetryDeliveries(RequestModel):
    """Filters of the dead deliveries to retry. Fields that are left out match everything."""

    channel: ChannelName | None = None
    error: ErrorWord | None = None


class RetriedDeliveries(ResponseModel):
    """How many are retried. If `has_more` is true, repeat the request."""

    retried: int
    has_more: bool


class ConsumerOut(ResponseModel):
    """A consumer of the feed, and the events that it has not processed, apart from the parked ones."""

    name: str
    conversations: int
    events: int
    oldest_at: datetime | None = Field(description="When the oldest of those events was created.")
    is_rebuilding: bool = Field(description="It processes all logs again; `events` does not count them.")
    parked_conversations: int = Field(description="Conversations with parked events.")
    parked_events: int = Field(description="Events that it could not process, and those that wait behind them.")


class ConsumersOut(ResponseModel):
    """The consumers of the feed, by name."""

    results: list[ConsumerOut]


class ParkedEvent(ResponseModel):
    """The first event of a conversation that a consumer could not process. The later ones wait behind it."""

    conversation_id: UUID
    seq: int
    events: int = Field(description="The number of events of the conversation that wait, this one among them.")
    type: str
    error: str = Field(description="The kind of the error. The log of the service has its message, as `event_parked`.")
    attempts: int = Field(description="Failed attempts. 0: it was processed, and the events behind it are next.")
    parked_at: datetime
    retry_at: datetime


class ParkedEvents(ResponseModel):
    """The parked events of a consumer, the longest waiting first, one for each conversation."""

    results: list[ParkedEvent]


class RetriedEvents(ResponseModel):
    """In how many conversations the parked events are processed again now."""

    conversations: int


class ReaderLag(ResponseModel):
    """The lag of a consumer of the feed."""

    reader: str
    conversations: int = Field(description="Conversations with events that it has not processed.")
    events: int
    oldest_at: datetime | None = Field(description="When the oldest of those events was created.")


class Histogram(ResponseModel):
    """`counts[n]` values were at most `bounds[n]` and above the bound before. The last count is above all bounds."""

    bounds: list[float]
    counts: list[int]
    sum: float
    count: int


class DeliveryCounts(ResponseModel):
    """Deliveries by state."""

    pending: int
    sending: int
    retrying: int
    dead: int


class FiguresOut(ResponseModel):
    """Current metrics. Subtract two responses to get what happened in between."""

    at: datetime
    workers: int = Field(description="Workers on this machine. `sockets`, `messages` and `delivery` are their totals.")
    sockets: int
    messages: int = Field(description="Messages stored since the service started.")
    delivery: Histogram = Field(
        description="Seconds from the commit of an event until its frame was written, since the service started."
    )
    readers: list[ReaderLag]
    deliveries: DeliveryCounts
