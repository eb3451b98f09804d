"""The registry of commands: a package adds one by its declaration."""

from typing import Literal

import pytest

from wasgo_chat.gateway.command_registry import AckBody, Command, CommandRegistry, MalformedFrame
from wasgo_chat.gateway.commands import COMMANDS
from wasgo_chat.gateway.frames.acks import Ack
from wasgo_chat.gateway.frames.client_frames import ClientFrame
from wasgo_chat.gateway.session import Session


class VoteFrame(ClientFrame):
    """Vote in a poll."""

    type: Literal["vote"]
    option: int


class VoteAck(Ack):
    """The vote is counted."""


async def _vote(session: Session, frame: VoteFrame) -> AckBody:
    return {}


VOTE = Command(
    frame=VoteFrame,
    handler=_vote,
    ack=VoteAck,
    examples=[{"type": "vote", "ref": "1", "option": 2}],
    ack_example={"ref": "1"},
)


def test_a_declaration_is_all_that_a_command_needs() -> None:
    registry = CommandRegistry([*COMMANDS, VOTE])
    frame = registry.parse('{"type":"vote","ref":"1","option":2}')
    assert isinstance(frame, VoteFrame)
    assert registry.command_of(frame) == ("vote", VOTE)
    assert registry["vote"] is VOTE
    assert isinstance(registry.parse('{"type":"typing"}'), ClientFrame)
    with pytest.raises(MalformedFrame) as malformed:
        COMMANDS.parse('{"type":"vote","ref":"1","option":2}')
    assert malformed.value.ref == "1"


def test_a_frame_type_has_one_command() -> None:
    with pytest.raises(ValueError, match="same frame type"):
        CommandRegistry([*COMMANDS, COMMANDS["typing"]])
