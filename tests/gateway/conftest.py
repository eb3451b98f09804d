"""Fixtures for sockets."""

import pytest

from tests.gateway.peer import Peers
from tests.support.world import World
from wasgo_chat.server.websocket_protocol import ChatWebSocket


@pytest.fixture
def peers(world: World, monkeypatch: pytest.MonkeyPatch) -> Peers:
    """Opens raw sockets and records what the service has read from them."""
    arrived: list[bytes] = []
    receive = ChatWebSocket.data_received

    def note(self: ChatWebSocket, data: bytes) -> None:
        arrived.append(data)
        receive(self, data)

    monkeypatch.setattr(ChatWebSocket, "data_received", note)
    return Peers(world, arrived)
