"""The checks of a send. Every way of sending calls them: socket frames, both forms of `POST /chat/messages/`, the first
message of a support conversation, system messages, the import.

`admit` runs before any transaction, `check_allowed` inside the message's. Of a batch, the statement of
`sending.statements` stores only what passes the same conditions, and leaves everything else to `operations.send`, which
checks it here.
"""

from sqlalchemy import select

from wasgo_chat.core.encoding import is_blank
from wasgo_chat.core.errors import Invalid
from wasgo_chat.database.session import Tx
from wasgo_chat.feature import FeatureOff
from wasgo_chat.http.json_limits import clean_json_object
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.roles import Action
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.schemas import MessageContent, SendSystemMessage
from wasgo_chat.messages.types import MESSAGE_TYPES
from wasgo_chat.settings.config import Settings


async def admit(
    settings: Settings,
    rates: RateLimits,
    actor: Actor,
    conversation: object,
    body: MessageContent | None,
    *,
    files: int = 0,
) -> None:
    """Check a user's message against the limits of the service, and count it.

    Args:
        settings: the limits.
        rates: the rate limits of the worker.
        actor: the sender.
        conversation: its id; each conversation of a user has a rate of its own.
        body: the message; None counts a conversation that is created without a message.
        files: number of files that came with the request.

    Raises:
        ActAsRequired: a service that acts as no user.
        Invalid: as in `check_message`.
        RateLimited: the sender has sent too many messages to the conversation, or to all of them.
    """
    if body is not None:
        check_message(settings, body, files=files)
    await rates.count_message(actor, conversation)


def check_message(settings: Settings, body: MessageContent, *, files: int = 0) -> None:
    """Check a user's message, and the number of files that came with it, against the limits.

    Raises:
        FeatureOff: the message has files, and attachments are switched off.
        Invalid: too long, empty, too many or no attachments, or metadata that cannot be stored or does not fit the
            type.
    """
    type_ = MESSAGE_TYPES[body.message_type]
    attached = len(body.attachment_ids) + files
    if attached and not settings.attachments:
        raise FeatureOff("Attachments are switched off; send the message without files")
    if attached > settings.max_attachments:
        message = f"a message has at most {settings.max_attachments} attachments"
        raise Invalid.field(["attachment_ids"], "too_long", message)
    check_length(settings, body.content)
    clean_json_object(settings, "metadata", body.metadata)
    if type_.check_metadata is not None:
        type_.check_metadata(body.metadata)
    if type_.needs_files and not attached:
        message = f"a message of type {type_.name} needs at least one attachment"
        raise Invalid.field(["attachment_ids"], "missing", message)
    if not attached:
        check_not_blank(body.message_type, body.content)


def check_system_message(settings: Settings, body: SendSystemMessage) -> None:
    """Check a service's system message against the limits.

    Raises:
        Invalid: too long, blank, or metadata that cannot be stored.
    """
    if is_blank(body.content):
        raise Invalid.field(["content"], "empty", "must not be blank")
    check_length(settings, body.content)
    clean_json_object(settings, "metadata", body.metadata)


def check_length(settings: Settings, content: str) -> None:
    """Raises Invalid if the content of a message is too long."""
    if len(content) > settings.max_content_chars:
        raise Invalid.field(["content"], "too_long", f"has more than {settings.max_content_chars} characters")


def check_not_blank(message_type: str, content: str) -> None:
    """Raises Invalid if messages of this type need content and there is none."""
    if MESSAGE_TYPES[message_type].needs_content and is_blank(content):
        raise Invalid.field(["content"], "empty", "must not be blank if the message has no attachments")


async def check_allowed(tx: Tx, membership: Membership, body: MessageContent) -> None:
    """Check that the caller may send this to the conversation now. A reply or mention must be of the conversation.

    Raises:
        Forbidden, ConversationClosed: the caller may not write there now.
        Invalid: the replied-to message or a mentioned user is not in the conversation.
    """
    membership.require(Action.WRITE)
    conversation_id = membership.conversation.id
    if body.reply_to is not None:
        statement = select(Message.id).where(Message.conversation_id == conversation_id, Message.id == body.reply_to)
        if (await tx.execute(statement)).first() is None:
            raise Invalid.field(["reply_to"], "unknown_message", "there is no such message in this conversation")
    if body.mentions:
        members = await access.current_members_among(tx, conversation_id, body.mentions)
        if set(body.mentions) - members:
            raise Invalid.field(["mentions"], "not_a_participant", "mentions a user who is not in the conversation")
