"""The lines of an import file: their schemas, and their validation by the rules of the API. Pure functions.

The format is described in docs/import.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from wasgo_chat.conversation_types import CONVERSATION_TYPES, ConversationTypeName
from wasgo_chat.core.encoding import ExternalId, JsonObject, RequestModel, Text, Title, UserId, uuid7_at
from wasgo_chat.core.errors import Invalid
from wasgo_chat.feature import FeatureOff
from wasgo_chat.http.json_limits import clean_json_object
from wasgo_chat.identity.users import PutUser
from wasgo_chat.membership.roles import Role
from wasgo_chat.membership.schemas import ParticipantIn, Reference, Status
from wasgo_chat.messages.reactions import canonical_emoji
from wasgo_chat.messages.schemas import ClientId, Emoji, MessageContent, SendSystemMessage
from wasgo_chat.messages.sending.gate import check_message, check_system_message
from wasgo_chat.messages.types import MESSAGE_TYPES, TEXT, MessageTypeName
from wasgo_chat.settings.config import Settings


class Rejected(Exception):
    """A line cannot be imported. The message is the reason, without the content of the line."""


class UserLine(PutUser):
    """A user."""

    kind: Literal["user"]
    id: UserId


class ParticipantLine(ParticipantIn):
    """A current or former participant of a conversation."""

    joined_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None


class ConversationLine(RequestModel):
    """A conversation. Its messages follow it."""

    kind: Literal["conversation"]
    external_id: ExternalId
    conversation_type: ConversationTypeName
    title: Title = ""
    reference: Reference | None = None
    participants: Annotated[list[ParticipantLine], Field(min_length=1)]
    metadata: JsonObject = Field(default_factory=dict)
    settings: JsonObject = Field(default_factory=dict)
    status: Status = "open"
    created_at: AwareDatetime
    reads: Literal["all", "given"] = "all"


class ReactionLine(RequestModel):
    """A reaction to a message."""

    user_id: UserId
    emoji: Emoji
    created_at: AwareDatetime | None = None


class ReadLine(RequestModel):
    """A read receipt of a message."""

    user_id: UserId
    read_at: AwareDatetime


class FileLine(RequestModel):
    """A file of a message. `path` is relative to the folder of the files."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    filename: Annotated[str, Field(min_length=1, max_length=1024)] | None = None


class MessageLine(RequestModel):
    """A message of the conversation above it."""

    kind: Literal["message"]
    conversation: ExternalId
    external_id: ClientId
    sender: UserId | None = None
    message_type: MessageTypeName = TEXT.name
    content: Text = ""
    created_at: AwareDatetime
    reply_to: ClientId | None = None
    mentions: Annotated[list[UserId], Field(max_length=50)] = Field(default_factory=list)
    metadata: JsonObject = Field(default_factory=dict)
    edited_at: AwareDatetime | None = None
    deleted_at: AwareDatetime | None = None
    reactions: list[ReactionLine] = Field(default_factory=list)
    read_by: list[ReadLine] = Field(default_factory=list)
    files: list[FileLine] = Field(default_factory=list)

    @property
    def has_files(self) -> bool:
        """Whether there are files to import: a deleted message has none."""
        return bool(self.files) and self.deleted_at is None


Line = Annotated[UserLine | ConversationLine | MessageLine, Field(discriminator="kind")]
_LINE: TypeAdapter[UserLine | ConversationLine | MessageLine] = TypeAdapter(Line)

_FUTURE = "is in the future"
_EPOCH = datetime.min.replace(tzinfo=UTC)


def conversation_id_of(external_id: str) -> UUID:
    """The id of an imported conversation, derived from its external id."""
    return uuid7_at(0, _hashed_bits(external_id))


def message_id_of(conversation: str, external_id: str, created_at: datetime) -> UUID:
    """The id of an imported message, derived from its external id and its time."""
    return uuid7_at(int(created_at.timestamp() * 1000), _hashed_bits(conversation, external_id))


def file_id_of(line: MessageLine, index: int) -> UUID:
    """The id of a file of an imported message, derived from the message and the position of the file."""
    bits = _hashed_bits(line.conversation, line.external_id, f"file {index}")
    return uuid7_at(int(line.created_at.timestamp() * 1000), bits)


def _hashed_bits(*names: str) -> int:
    return int.from_bytes(sha256("\n".join(names).encode()).digest()[:10], "big") >> 6


@dataclass(slots=True)
class LineContext:
    """The conversation above the current message lines, against which they are validated.

    The messages that they reply to are checked when they are written, as these can be in the database.
    """

    line: ConversationLine
    user_ids: frozenset[str]
    external_ids: set[str] = field(default_factory=set)
    newest: datetime = _EPOCH


class LineValidator:
    """Validates lines in order, by the same rules as requests."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._settings = settings
        self._now = now
        self.context: LineContext | None = None

    def check(self, raw: bytes) -> UserLine | ConversationLine | MessageLine:
        """Parse and validate one line.

        Raises:
            Rejected: it cannot be imported.
        """
        try:
            line = _LINE.validate_json(raw)
            if isinstance(line, ConversationLine):
                self.context = None  # if the line is rejected, so are the messages below it
                self._check_conversation(line)
                self.context = LineContext(line, frozenset(participant.user_id for participant in line.participants))
            elif isinstance(line, MessageLine):
                self._check_message(line)
        except ValidationError as error:
            raise Rejected(_first(error.errors(include_input=False, include_url=False))) from error
        except Invalid as error:
            raise Rejected(_first(error.errors)) from error
        return line

    def _check_conversation(self, line: ConversationLine) -> None:
        type_ = CONVERSATION_TYPES[line.conversation_type]
        user_ids = {participant.user_id for participant in line.participants}
        if len(user_ids) != len(line.participants):
            raise Rejected("participants: contains a user twice")
        if len(user_ids) > self._settings.max_participants:
            raise Rejected(f"participants: has more than {self._settings.max_participants}")
        if type_.has_pair and (len(user_ids) != 2 or line.reference is not None):
            raise Rejected("participants: a direct conversation has exactly two, and no reference")
        if type_.has_pair and any(
            participant.role != Role.PARTICIPANT or participant.left_at for participant in line.participants
        ):
            raise Rejected("participants: in a direct conversation both have the role participant, and none has left")
        if type_.is_referenced and line.reference is None:
            raise Rejected(f"reference: a {type_.name} conversation requires a reference with type and id")
        clean_json_object(self._settings, "metadata", line.metadata)
        clean_json_object(self._settings, "settings", line.settings)
        if line.created_at > self._now:
            raise Rejected(f"created_at: {_FUTURE}")

    def _check_message(self, line: MessageLine) -> None:
        context = self.context
        if context is None or context.line.external_id != line.conversation:
            raise Rejected("conversation: is not the conversation above, or that line was rejected")
        if line.external_id in context.external_ids:
            raise Rejected("external_id: a message above has the same one")
        if line.created_at < max(context.newest, context.line.created_at):
            raise Rejected("created_at: is before the message above, or before the conversation")
        if max(filter(None, (line.created_at, line.edited_at, line.deleted_at))) > self._now:
            raise Rejected(f"created_at, edited_at, deleted_at: {_FUTURE}")
        if (line.sender is not None) != MESSAGE_TYPES[line.message_type].is_sent_by_users:
            raise Rejected("sender: is required, except for system messages, which have none")
        self._check_users(context, line)
        self._check_content(line)
        context.external_ids.add(line.external_id)
        context.newest = line.created_at

    def _check_users(self, context: LineContext, line: MessageLine) -> None:
        users_by_field: dict[str, Iterable[str]] = {
            "sender": [line.sender] if line.sender else [],
            "mentions": line.mentions,
            "reactions": [reaction.user_id for reaction in line.reactions],
            "read_by": [receipt.user_id for receipt in line.read_by],
        }
        for name, user_ids in users_by_field.items():
            if not context.user_ids.issuperset(user_ids):
                raise Rejected(f"{name}: contains a user who is not among the participants")
        if line.read_by and context.line.reads == "all":
            raise Rejected('read_by: requires "reads": "given" in the line of the conversation')

    def _check_content(self, line: MessageLine) -> None:
        if line.deleted_at is not None:
            if line.reactions:
                raise Rejected("reactions: a deleted message has none")
            return
        if not MESSAGE_TYPES[line.message_type].is_sent_by_users:
            if line.files:
                raise Rejected("files: a system message has none")
            check_system_message(self._settings, SendSystemMessage(content=line.content, metadata=line.metadata))
            return
        body = MessageContent(content=line.content, message_type=line.message_type, metadata=line.metadata)
        try:
            check_message(self._settings, body, files=len(line.files))
        except FeatureOff as error:
            raise Rejected("files: attachments are switched off (WASGO_CHAT_ATTACHMENTS)") from error
        by_user: dict[str, set[str]] = {}
        for reaction in line.reactions:
            by_user.setdefault(reaction.user_id, set()).add(canonical_emoji(reaction.emoji))
        if any(len(emoji) > self._settings.max_reactions_per_user for emoji in by_user.values()):
            raise Rejected(f"reactions: more than {self._settings.max_reactions_per_user} of one user")


def _first(errors: Iterable[Any]) -> str:
    error = next(iter(errors))
    location = ".".join(str(part) for part in error["loc"] if part not in ("user", "conversation", "message"))
    message = error.get("message") or error["msg"]
    return f"{location}: {message}" if location else str(message)
