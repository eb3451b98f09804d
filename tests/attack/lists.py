"""Attacks by reading: large lists, pages and answers that are never read."""

import asyncio
import contextlib
from typing import Any

from tests.attack.attack import Attacker, attack
from tests.attack.crowds import create_crowds
from tests.attack.wire import Http, forwarded, request
from wasgo_chat.core.encoding import new_id

CONVERSATIONS, MEMBERS = 40, 500


async def _crowds(attacker: Attacker) -> Any:
    user = attacker.user()
    await create_crowds(attacker.database_url, user.id, conversations=CONVERSATIONS, members=MEMBERS)
    return user


@attack(
    "denial",
    "the list of 40 conversations of 500 members, on four connections",
    prepare=_crowds,
    seconds=4,
    max_mb=100,
    is_short=True,
)
async def large_lists(attacker: Attacker) -> None:
    user = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        await attacker.ask(http, user, "GET", "/chat/conversations/?limit=100")

    await attacker.repeat(4, step)


@attack("denial", "40 connections ask for large lists and never read", prepare=_crowds, seconds=5, max_growth_mb=160)
async def answers_never_read(attacker: Attacker) -> None:
    user = attacker.prepared
    sent = request("GET", "/chat/conversations/?limit=100", token=user.token, headers=forwarded(attacker.address))

    async def one() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a stream's transport
        try:
            for _ in range(3):
                attacker.meter.count(sent=len(sent))
                writer.write(sent)
            await writer.drain()
            await asyncio.sleep(3600)
        finally:
            writer.transport.abort()

    await attacker.together(*(one() for _ in range(40)))


async def _history(attacker: Attacker) -> Any:
    user = attacker.user()
    chat = await attacker.job([user.id, *(one.id for one in attacker.users(49, "crowd"))], admin=user.id)
    return user, chat, await attacker.say(user, chat, 100, "x" * 10_000)


@attack("denial", "full pages of long messages and events, on six connections", prepare=_history, max_mb=100)
async def full_pages(attacker: Attacker) -> None:
    user, chat, messages = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        await attacker.ask(http, user, "GET", f"/chat/messages/?conversation={chat}&limit=100")
        await attacker.ask(http, user, "GET", f"/chat/conversations/{chat}/events/?after_seq=0&limit=100")
        await attacker.ask(http, user, "GET", f"/chat/messages/{messages[0]}/receipts/")

    await attacker.repeat(6, step)


@attack("denial", "cursors of every kind that no list has given")
async def forged_cursors(attacker: Attacker) -> None:
    user = attacker.user()
    cursors = ["A" * 499, "%2B" * 160, "e30", "-" * 400, "AAAAAAAAAAAAAAAAW10"]
    history = f"/chat/messages/?conversation={new_id()}&cursor="
    paths = ("/chat/conversations/?cursor=", history, "/chat/notifications/?cursor=")

    async def step(http: Http, lane: int) -> None:
        for path in paths:
            for cursor in cursors:
                await attacker.ask(http, user, "GET", path + cursor)

    await attacker.repeat(4, step)


@attack("denial", "presence and unread counts of a member of 40 large conversations", prepare=_crowds)
async def presence(attacker: Attacker) -> None:
    user = attacker.prepared
    ids = ",".join(f"crowd-{number}" for number in range(100))

    async def step(http: Http, lane: int) -> None:
        await attacker.ask(http, user, "GET", f"/chat/presence/?user_ids={ids}")
        await attacker.ask(http, user, "GET", "/chat/conversations/unread_counts/")

    await attacker.repeat(6, step)


@attack("denial", "notification sockets of a member of 40 large conversations, opened and dropped", prepare=_crowds)
async def feeds_of_large_lists(attacker: Attacker) -> None:
    user = attacker.prepared

    async def one() -> None:
        async with attacker.socket("/ws/notifications/", user) as socket:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await attacker.count_answers(socket)

    await attacker.again(*[one] * 8, pause_s=0.0)
