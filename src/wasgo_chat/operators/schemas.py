"""Shapes of the operators' doors, in and out."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from wasgo_chat.core.encoding import RequestModel, ResponseModel, SingleLine
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.identity.users import UserOut
from wasgo_chat.membership.schemas import ConversationCore, ParticipantOut
from wasgo_chat.messages.schemas import MessageOut, ReceiptOut
from wasgo_chat.notifications.channels import ChannelName

ErrorWord = Annotated[SingleLine, Field(min_length=1, max_length=200)]


class InspectedConversation(ConversationCore):
    """A conversation as an operator sees it in the list: no word of what was said in it."""

    created_by: str | None
    last_seq: int
    message_count: int
    participant_count: int = Field(description="Those who are in it now.")
    people: list[UserOut] = Field(description="Some of them, who joined first.")


class InspectedConversationPage(PageShape):
    """Conversations of everybody, the newest first by when they were made."""

    results: list[InspectedConversation]


class InspectedConversationDetail(InspectedConversation):
    """The same with everybody who is, or was, in it. Who left has `left_at`."""

    participants: list[ParticipantOut]


class InspectedMessagePage(PageShape):
    """Messages of a conversation, newest first."""

    results: list[MessageOut]


class RevisionOut(ResponseModel):
    """What a message said for a while. `replaced_at` is null for what it says now, `content` for a deletion."""

    revision: int
    content: str | None
    written_at: datetime | None = Field(description="Null where the version before it is not kept any more.")
    replaced_at: datetime | None


class InspectedMessage(ResponseModel):
    """A message, everything that it said, the oldest first, and who read it when."""

    message: MessageOut
    revisions: list[RevisionOut]
    receipts: list[ReceiptOut]


class DeadKind(ResponseModel):
    """Dead letters of one channel that failed for one reason."""

    channel: ChannelName
    error: str | None
    count: int
    oldest_at: datetime
    newest_at: datetime


class DeadKinds(ResponseModel):
    """All kinds of dead letters, the most frequent first."""

    results: list[DeadKind]
    is_complete: bool = Field(description="False where there are more than were counted: then the newest were.")


class RetryDeliveries(RequestModel):
    """Which dead letters to try again; what is left out narrows nothing."""

    channel: ChannelName | None = None
    error: ErrorWord | None = None


class RetriedDeliveries(ResponseModel):
    """How many are tried again, and whether there are more of that kind: then ask again."""

    retried: int
    has_more: bool


class ReaderLag(ResponseModel):
    """How far a reader of the log is behind."""

    reader: str
    conversations: int = Field(description="Conversations with events that it has not handled.")
    events: int
    oldest_at: datetime | None = Field(description="When the oldest of those was made.")


class Histogram(ResponseModel):
    """`counts[n]` values were at most `bounds[n]` and above the bound before; the last is beyond all of them."""

    bounds: list[float]
    counts: list[int]
    sum: float
    count: int


class DeliveryCounts(ResponseModel):
    """Mails, pushes and webhooks by state."""

    pending: int
    sending: int
    retrying: int
    dead: int


class FiguresOut(ResponseModel):
    """Figures as they are now. What happened in a while is the difference of two answers."""

    at: datetime
    workers: int = Field(description="Workers of this machine, which `sockets`, `messages` and `delivery` are of.")
    sockets: int
    messages: int = Field(description="Messages stored since the service began.")
    delivery: Histogram = Field(
        description="Seconds from the commit of an event to its frame being written, since the service began."
    )
    readers: list[ReaderLag]
    deliveries: DeliveryCounts
