"""For every command: snapshot + events = fresh snapshot, whatever happens to publications."""

import asyncio
import random
from typing import Any

import pytest

from tests.support.client_state import ClientState
from tests.support.faults import Shuffle, disturbed
from tests.support.workers import Worker
from tests.support.world import Json, Person, SocketClient, World

LAST_WORDS = "the end"


class Life:
    """Random but reproducible actions of three users in one conversation."""

    def __init__(self, chat: Json, people: list[Person], newcomer: Person, seed: int) -> None:
        self.chat, self.people, self.newcomer = chat, people, newcomer
        self.random = random.Random(seed)
        self.path = f"/chat/conversations/{chat['id']}"
        self.sent: list[tuple[Person, str]] = []

    async def live(self, steps: int) -> None:
        for step in range(steps):
            doing = self.random.choice(
                [self.send, self.send, self.reply, self.edit, self.react, self.react, self.delete, self.join_or_leave,
                 self.promote, self.rename]
            )  # fmt: skip
            await doing(step)

    async def send(self, step: int) -> None:
        person = self.random.choice(self.people)
        self.sent.append((person, (await person.send(self.chat, f"words {step}"))["id"]))

    async def reply(self, step: int) -> None:
        if self.sent:
            person, (_, message_id) = self.random.choice(self.people), self.random.choice(self.sent)
            answer = await person.send(self.chat, f"answer {step}", reply_to=message_id)
            self.sent.append((person, answer["id"]))

    async def edit(self, step: int) -> None:
        if self.sent:
            person, message_id = self.random.choice(self.sent)
            await person.call("POST", f"/chat/messages/{message_id}/edit/", {"content": f"better {step}"})

    async def react(self, step: int) -> None:
        if self.sent:
            person, (_, message_id) = self.random.choice(self.people), self.random.choice(self.sent)
            body = {"emoji": self.random.choice("👍🎉😀")}
            await person.call("POST", f"/chat/messages/{message_id}/react/", body)

    async def delete(self, step: int) -> None:
        if self.sent and self.random.random() < 0.4:
            person, message_id = self.random.choice(self.sent)
            await person.ok("POST", f"/chat/messages/{message_id}/delete/")

    async def join_or_leave(self, step: int) -> None:
        body = {"user_id": self.newcomer.id}
        if self.random.random() < 0.5:
            await self.people[0].call("POST", f"{self.path}/add_participant/", body)
        else:
            await self.people[0].call("POST", f"{self.path}/remove_participant/", body)

    async def promote(self, step: int) -> None:
        role = self.random.choice(["participant", "moderator"])
        await self.people[0].ok("PATCH", f"{self.path}/participants/{self.people[1].id}/", {"role": role})

    async def rename(self, step: int) -> None:
        body: dict[str, Any] = {"title": f"Title {step}", "metadata": {"step": step}}
        await self.people[0].ok("PATCH", f"{self.path}/", body)


async def follow(live: SocketClient, mirror: ClientState) -> None:
    """Apply frames up to the one that marks the end."""
    while True:
        frame = await live.next_frame()
        if "seq" in frame:
            mirror.apply(frame)
        if frame["type"] == "new_message" and frame["message"]["content"] == LAST_WORDS:
            return


@pytest.mark.parametrize("seed", range(4))
async def test_a_followed_snapshot_equals_a_fresh_one(world: World, other_worker: Worker, seed: int) -> None:
    ana, bo, cy, new = world.people("ana", "bo", "cy", "new")
    chat = await world.job(admin=ana, participant=bo, observer=cy)
    life = Life(chat, [ana, bo], new, seed)
    await life.live(10)
    with disturbed(other_worker, Shuffle(seed)):
        here, there = await ClientState.load(ana, chat), await ClientState.load(cy, chat)
        async with (
            ana.connect(chat, after_seq=here.last_seq) as a,
            cy.connect(chat, other_worker, after_seq=there.last_seq) as c,
        ):
            following = asyncio.gather(follow(a, here), follow(c, there))
            await life.live(40)
            await ana.send(chat, LAST_WORDS)
            await following
        fresh = await ClientState.load(cy, chat)
    assert here.state() == fresh.state()
    assert there.state() == fresh.state()


@pytest.mark.parametrize("seed", range(3))
async def test_an_old_snapshot_with_the_log_replayed_converges_too(world: World, seed: int) -> None:
    ana, bo, new = world.people("ana", "bo", "new")
    chat = await world.job(admin=ana, participant=bo)
    empty = await ClientState.load(bo, chat)
    await Life(chat, [ana, bo], new, seed).live(40)
    for frame in await bo.events(chat):
        empty.apply(frame)
    assert empty.state() == (await ClientState.load(bo, chat)).state()
