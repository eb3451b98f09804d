"""Response schemas that contain both conversations and messages."""

from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.membership.schemas import ConversationCore, ParticipantOut
from wasgo_chat.messages.schemas import MessageOut


class ConversationOut(ConversationCore):
    """A conversation as one member sees it: `unread_count` and `is_archived` are specific to the member."""

    participants: list[ParticipantOut] = Field(
        description="All participants; in lists and in frames, the member and at most 19 others."
    )
    participant_count: int
    last_message: MessageOut | None
    last_seq: int
    unread_count: int
    is_archived: bool


class ConversationPage(PageShape):
    """Conversations, newest activity first."""

    results: list[ConversationOut]


class UnreadCounts(ResponseModel):
    """Unread messages in total and by conversation, without conversations that have none."""

    total: int
    conversations: dict[UUID, int]
