"""Seeing one's own writes where standbys are read: which word goes back with which request."""

from collections.abc import Iterator

import httpx
import pytest

from wasgo_chat_client.read_after import HEADER, ReadAfter
from wasgo_chat_client.retrying import AsyncRetrying, Retrying


class Standbys:
    """Answers as a service with standbys would, with one word after the other; keeps what it was sent."""

    def __init__(self, *words: str | None) -> None:
        self.sent: list[str | None] = []
        self._words: Iterator[str | None] = iter(words)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.MockTransport`."""
        self.sent.append(request.headers.get(HEADER))
        word = next(self._words)
        return httpx.Response(200, headers={} if word is None else {HEADER: word})


def test_what_a_write_said_goes_back_with_the_next_reads() -> None:
    service = Standbys("a1", "a1", "b2", None, None)
    with httpx.Client(base_url="http://chat", transport=Retrying(httpx.MockTransport(service))) as http:
        http.post("/write")
        http.get("/read")
        http.post("/write")
        http.get("/one-that-says-nothing")
        http.get("/read")
    assert service.sent == [None, "a1", None, "b2", "b2"]


def test_a_write_that_said_nothing_takes_the_word_away() -> None:
    service = Standbys("a1", None, None)
    with httpx.Client(base_url="http://chat", transport=Retrying(httpx.MockTransport(service))) as http:
        http.post("/write")
        http.post("/write")
        http.get("/read")
    assert service.sent == [None, None, None]


@pytest.mark.parametrize("first_is_last", [True, False])
def test_of_two_at_the_same_time_neither_is_believed(first_is_last: bool) -> None:
    seen = ReadAfter()
    answers = [seen.ask(httpx.Request("POST", "http://chat/")) for _ in range(2)]
    for answered, word in zip(answers[:: -1 if first_is_last else 1], ("b2", "a1"), strict=True):
        answered(httpx.Response(200, headers={HEADER: word}))
    request = httpx.Request("GET", "http://chat/")
    seen.ask(request)
    assert HEADER not in request.headers


async def test_what_a_socket_says_takes_the_word_away() -> None:
    service, seen = Standbys("a1", "a1", "b2", "b2"), ReadAfter()
    transport = AsyncRetrying(httpx.MockTransport(service), read_after=seen)
    async with httpx.AsyncClient(base_url="http://chat", transport=transport) as http:
        await http.post("/write")
        await http.get("/read")
        seen.forget()
        await http.get("/read")
        await http.get("/read")
    assert service.sent == [None, "a1", None, "b2"]
