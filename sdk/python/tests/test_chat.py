"""A user's chat against a live service: what it shows beside being in sync, which is the conformance kit's to try."""

import uuid

import pytest

from sdk_door import Stage
from wasgo_chat_client import Chat, ChatError, Platform


class Someone:
    """Somebody new, in a conversation of their own."""

    def __init__(self, stage: Stage) -> None:
        self.name = f"ana-{uuid.uuid4().hex[:8]}"
        self._stage = stage
        with Platform(stage.url, stage.token(service="platform")) as platform:
            made = platform.create_job_conversation(self.name, [{"user_id": self.name, "role": "admin"}])
        self.conversation_id = str(made.id)

    def chat(self) -> Chat:
        return Chat(self._stage.url, lambda _: self._stage.token(user=self.name))


@pytest.fixture
def someone(stage: Stage) -> Someone:
    stage.call("/faults", {})
    return Someone(stage)


async def test_what_the_service_takes_is_known_once_it_is_there_and_is_what_it_takes(someone: Someone) -> None:
    async with someone.chat() as chat:
        before = chat.limits
        here = chat.conversation(someone.conversation_id)
        await here.send("Hello!")
        limits = chat.limits
        assert before is None
        assert limits == {
            "content_chars": 10_000,
            "frame_bytes": 65_536,
            "metadata_bytes": 8_192,
            "messages": 0,
            "window_s": 10,
        }
        most = limits["content_chars"]
        assert (await here.send("x" * most))["seq"] == 2
        with pytest.raises(ChatError) as refused:
            await here.send("x" * (most + 1))
        assert refused.value.code == "invalid"
