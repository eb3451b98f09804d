"""One client_id, one message: on every worker, over HTTP and sockets, also when the acknowledgement is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.proxy import proxy_to
from tests.support.workers import Worker
from tests.support.world import Json, Person, World, rows

Say = Callable[[Person, Json, Worker, str], Awaitable[Json]]
"""Sends `content` with the client_id c; returns the `seq` and `message_id` of the response, or its `code`."""


async def by_http(person: Person, chat: Json, worker: Worker, content: str) -> Json:
    body = {"conversation": chat["id"], "content": content, "client_id": "c"}
    response = await person.call("POST", f"{worker.url}/chat/messages/", body)
    answer: Json = response.json()
    return {"code": answer["code"]} if response.status_code >= 400 else _place(answer["id"], answer["seq"])


async def by_socket(person: Person, chat: Json, worker: Worker, content: str) -> Json:
    async with person.connect(chat, worker) as live:
        answer = await live.request("send_message", content=content, client_id="c")
    return {"code": answer["code"]} if answer["type"] == "error" else _place(answer["message_id"], answer["seq"])


def _place(message_id: str, seq: int) -> Json:
    return {"message_id": message_id, "seq": seq}


async def stored(world: World, chat: Json) -> list[Json]:
    """The state of the conversation that a repeated send could change."""
    found = await rows(world.worker, "SELECT id, seq FROM messages WHERE conversation_id = :chat", chat=chat["id"])
    return [_place(str(row.id), row.seq) for row in found]


@pytest.mark.parametrize("again", [by_http, by_socket])
@pytest.mark.parametrize("is_other", [False, True], ids=["same worker", "other worker"])
async def test_a_message_stored_but_never_acknowledged_is_found_again(
    world: World, other_worker: Worker, again: Say, is_other: bool
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with proxy_to(world.worker.port) as proxy, ana.connect(chat, proxy) as live:
        proxy.hold_responses()
        await live.send("send_message", content="once", client_id="c", ref="lost")
        async with asyncio.timeout(10):
            while not await stored(world, chat):  # noqa: ASYNC110  only the database knows
                await asyncio.sleep(0.01)
        proxy.disconnect()
    worker = other_worker if is_other else world.worker
    assert [await again(ana, chat, worker, "once")] == await stored(world, chat)
    assert await again(ana, chat, worker, "twice") == {"code": "idempotency_conflict"}
    assert len(await bo.events(chat)) == 1


async def test_one_client_id_sent_concurrently_by_every_route_on_every_worker_is_one_message(
    world: World, other_worker: Worker
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    routes = [(say, worker) for say in (by_http, by_socket) for worker in (world.worker, other_worker)]
    answers = await asyncio.gather(*(say(ana, chat, worker, "once") for say, worker in routes for _ in range(3)))
    assert answers == await stored(world, chat) * 12
    for say, worker in routes:
        assert await say(ana, chat, worker, "twice") == {"code": "idempotency_conflict"}
    assert len(await bo.events(chat)) == 1
