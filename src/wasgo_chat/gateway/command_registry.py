"""The registry of socket commands: each frame type that clients may send, and what it does.

A `Command` declares everything about one frame type. Parsing, dispatch and the AsyncAPI document derive from the
declarations, so a package adds a command by adding its declaration to the registry.
"""

import asyncio
import functools
import operator
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_args

import msgspec
from pydantic import Field, TypeAdapter, ValidationError

from wasgo_chat.core.encoding import decode, has_control_characters
from wasgo_chat.core.errors import ChatError, Invalid
from wasgo_chat.gateway.frames.acks import Ack
from wasgo_chat.gateway.frames.client_frames import MAX_REF_CHARS, ClientFrame
from wasgo_chat.gateway.inflight import InflightSends
from wasgo_chat.gateway.session import Session
from wasgo_chat.http.problems import field_errors
from wasgo_chat.messages.operations import SendResult

Frame = TypeVar("Frame", bound=ClientFrame)
AckBody = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandBase(Generic[Frame]):
    """What every command declares.

    Args:
        frame: the model of the frame; the literal of its field `type` is the frame type.
        ack: the model of the `ack`.
        examples: frames for the AsyncAPI document; the tests send each of them.
        ack_example: an `ack` for the AsyncAPI document.
        many_only: the command exists only on connections for many conversations.
    """

    frame: type[Frame]
    ack: type[Ack]
    examples: Sequence[Mapping[str, Any]]
    ack_example: Mapping[str, Any]
    many_only: bool = False

    @property
    def type(self) -> str:
        """The frame type."""
        literal: str = get_args(self.frame.model_fields["type"].annotation)[0]
        return literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Command(CommandBase[Frame]):
    """A command that is finished before the next frame is read.

    Args:
        handler: executes the frame and returns the fields of the `ack` besides `type` and `ref`. A `ChatError` that
            it raises is answered with an `error` frame.
    """

    handler: Callable[[Session, Frame], Awaitable[AckBody]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelinedCommand(CommandBase[Frame]):
    """A command that stores a message by group commit. The next frame is read while the message waits for its commit.

    Args:
        start: queues the message; its future ends with the commit.
    """

    start: Callable[[Session, Frame, InflightSends], Awaitable["asyncio.Future[SendResult]"]]


AnyCommand = Command[Any] | PipelinedCommand[Any]


class MalformedFrame(Exception):
    """A frame could not be parsed. `ref` is set if it could be read nevertheless; `error` says what is wrong."""

    def __init__(self, ref: str | None, error: ChatError) -> None:
        super().__init__(str(error))
        self.ref = ref
        self.error = error


class CommandRegistry:
    """Commands by frame type. A package adds its own by `CommandRegistry([*COMMANDS, ...])`.

    Raises:
        ValueError: two commands have the same frame type.
    """

    def __init__(self, commands: Sequence[AnyCommand]) -> None:
        self._by_type = {command.type: command for command in commands}
        self._by_model = {command.frame: (command.type, command) for command in commands}
        if len(self._by_type) < len(commands):
            raise ValueError("two commands have the same frame type")
        union: Any = functools.reduce(operator.or_, (command.frame for command in commands))
        self.adapter = TypeAdapter[ClientFrame](Annotated[union, Field(discriminator="type")])

    def __iter__(self) -> Iterator[AnyCommand]:
        return iter(self._by_type.values())

    def __getitem__(self, frame_type: str) -> AnyCommand:
        return self._by_type[frame_type]

    def command_of(self, frame: ClientFrame) -> tuple[str, AnyCommand]:
        """The frame type and the command of a parsed frame."""
        return self._by_model[type(frame)]

    def parse(self, text: str) -> ClientFrame:
        """Parse one client frame.

        Raises:
            MalformedFrame: it is not JSON, its type is unknown, or a field is wrong.
        """
        try:
            fields = decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
            raise MalformedFrame(None, Invalid.field([], "json_invalid", "is not JSON")) from error
        try:
            return self.adapter.validate_python(fields)
        except ValidationError as error:
            # pydantic puts the frame type before the field, which is of no use to a client.
            errors = (
                {**problem, "loc": problem["loc"][1:] if len(problem["loc"]) > 1 else problem["loc"]}
                for problem in field_errors(error.errors(include_url=False))
            )
            raise MalformedFrame(_readable_ref(fields), Invalid(errors)) from error


def _readable_ref(fields: Any) -> str | None:
    ref = fields.get("ref") if isinstance(fields, dict) else None
    is_ref = isinstance(ref, str) and len(ref) <= MAX_REF_CHARS and not has_control_characters(ref, allowed="")
    return ref if is_ref else None
