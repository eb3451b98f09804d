"""Reading your own writes with read replicas: which position is sent with which request."""

from collections.abc import Iterator

import httpx
import pytest

from wasgo_chat_client.read_after import HEADER, ReadAfter
from wasgo_chat_client.retry_transport import AsyncRetryTransport, RetryTransport


class FakeService:
    """Answers with one position after the other, and records the position of each request."""

    def __init__(self, *positions: str | None) -> None:
        self.received: list[str | None] = []
        self._positions: Iterator[str | None] = iter(positions)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request.headers.get(HEADER))
        position = next(self._positions)
        return httpx.Response(200, headers={} if position is None else {HEADER: position})


def test_the_position_of_a_write_is_sent_with_the_following_reads() -> None:
    service = FakeService("a1", "a1", "b2", None, None)
    with httpx.Client(base_url="http://chat", transport=RetryTransport(httpx.MockTransport(service))) as http:
        http.post("/write")
        http.get("/read")
        http.post("/write")
        http.get("/without-a-position")
        http.get("/read")
    assert service.received == [None, "a1", None, "b2", "b2"]


def test_a_write_without_a_position_invalidates_the_current_one() -> None:
    service = FakeService("a1", None, None)
    with httpx.Client(base_url="http://chat", transport=RetryTransport(httpx.MockTransport(service))) as http:
        http.post("/write")
        http.post("/write")
        http.get("/read")
    assert service.received == [None, None, None]


@pytest.mark.parametrize("first_is_last", [True, False])
def test_the_positions_of_concurrent_writes_are_discarded(first_is_last: bool) -> None:
    read_after = ReadAfter()
    callbacks = [read_after.track(httpx.Request("POST", "http://chat/")) for _ in range(2)]
    for on_response, position in zip(callbacks[:: -1 if first_is_last else 1], ("b2", "a1"), strict=True):
        on_response(httpx.Response(200, headers={HEADER: position}))
    request = httpx.Request("GET", "http://chat/")
    read_after.track(request)
    assert HEADER not in request.headers


async def test_a_frame_on_the_socket_invalidates_the_position() -> None:
    service, read_after = FakeService("a1", "a1", "b2", "b2"), ReadAfter()
    transport = AsyncRetryTransport(httpx.MockTransport(service), read_after=read_after)
    async with httpx.AsyncClient(base_url="http://chat", transport=transport) as http:
        await http.post("/write")
        await http.get("/read")
        read_after.invalidate()
        await http.get("/read")
        await http.get("/read")
    assert service.received == [None, "a1", None, "b2"]
