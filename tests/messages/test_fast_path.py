"""The fast path returns the route's status, headers and bytes, or leaves the request to the route."""

from typing import Any

import httpx
import pytest

from tests.support.world import Caller, Json, Person, World
from wasgo_chat.messages.history import fast_path

PATH = "/chat/messages/"
ITS_OWN = {"x-request-id", "date"}


async def both(caller: Caller, query: str, **headers: str) -> httpx.Response:
    """Requests by both ways: the route ignores an empty last parameter, and the fast path does not support it."""
    fast = await caller.call("GET", f"{PATH}?{query}", headers=headers)
    slow = await caller.call("GET", f"{PATH}?{query}&", headers=headers)
    assert fast.status_code == slow.status_code
    assert fast.content == slow.content
    shown = [{name: value for name, value in one.headers.items() if name not in ITS_OWN} for one in (fast, slow)]
    assert shown[0] == shown[1]
    return fast


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that the fast path handled."""
    found: list[str] = []
    asked = fast_path._parse_query

    def note(query: bytes) -> Any:
        if (answer := asked(query)) is not None:
            found.append(query.decode())
        return answer

    monkeypatch.setattr(fast_path, "_parse_query", note)
    return found


async def _chat(world: World) -> tuple[Person, Json]:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for at in range(5):
        await (ana, bo)[at % 2].send(chat, f"{at} ü", metadata={"at": at})
    return ana, chat


async def test_pages_are_the_same(world: World, taken: list[str]) -> None:
    ana, chat = await _chat(world)
    about = f"conversation={chat['id']}"
    queries = [
        about,
        f"{about}&limit=2",
        f"limit=2&{about}",
        f"{about}&before_seq=3",
        f"{about}&before_seq=1&limit=100",
    ]
    for query in queries:
        page = await both(ana, query)
        assert page.status_code == 200
        again = await both(ana, query, **{"If-None-Match": page.headers["etag"]})
        assert again.status_code == 304
    assert sorted(set(taken)) == sorted(queries)


async def test_rejections_are_the_same(world: World, taken: list[str]) -> None:
    ana, chat = await _chat(world)
    about = f"conversation={chat['id']}"
    stranger, gone = world.people("stranger", "gone")
    await stranger.ok("GET", PATH)
    await gone.ok("GET", PATH)
    await world.service.ok("POST", f"/chat/users/{gone.id}/revoke/")
    unknown = "conversation=01a20498-27c3-74c5-bec7-9c013e486d4c"
    cases: list[tuple[Caller, str, int]] = [
        (stranger, about, 404),
        (ana, unknown, 404),
        (Caller(world, None), about, 401),
        (Caller(world, "no.such.token"), about, 401),
        (world.service, about, 403),
        (gone, about, 401),
        (world.service.acting_as(ana), about, 200),
    ]
    for caller, query, status in cases:
        assert (await both(caller, query)).status_code == status
    assert taken


@pytest.mark.parametrize(
    "query",
    [
        "conversation={id}&limit=0",
        "conversation={id}&limit=101",
        "conversation={id}&limit=05",
        "conversation={id}&limit=",
        "conversation={id}&before_seq=-1",
        "conversation={id}&before_seq=99999999999999999999",
        "conversation={id}&after_seq=1",
        "conversation={id}&conversation={id}",
        "conversation={id}&more=1",
        "conversation=no-uuid",
        "conversation=%30",
        "limit=5",
        "",
    ],
)
async def test_unsupported_requests_are_left_to_the_route(world: World, taken: list[str], query: str) -> None:
    ana, chat = await _chat(world)
    await both(ana, query.replace("{id}", chat["id"]))
    assert not taken


async def test_a_bug_in_the_fast_path_costs_no_response(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ana, chat = await _chat(world)

    def broken(query: bytes) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(fast_path, "_parse_query", broken)
    assert len(await ana.history(chat)) == 5
    assert "fast_path_failed" in caplog.text
    caplog.clear()
