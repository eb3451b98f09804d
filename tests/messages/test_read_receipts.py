"""Read receipts: exactly the named messages become read, read is permanent, and unread counts equal a recount."""

import random
from uuid import uuid4

import pytest

from tests.messages.marking import mark
from tests.support.world import Json, Person, World

UNREAD = "/chat/conversations/unread_counts/"


async def mark_all(by: Person, chat: Json) -> Json:
    result: Json = await by.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/")
    return result


async def readers(by: Person, message: Json) -> list[str]:
    receipts = await by.ok("GET", f"/chat/messages/{message['id']}/receipts/")
    return [receipt["user"]["id"] for receipt in receipts["results"]]


async def last_read(by: Person, chat: Json, whose: Person) -> int:
    places = {
        place["user"]["id"]: place["last_read_seq"] for place in (await by.get_conversation(chat))["participants"]
    }
    return int(places[whose.id])


async def test_exactly_the_named_message_is_read(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    first, second, third = [await ana.send(chat, text) for text in ("one", "two", "three")]
    path = f"/chat/messages/{second['id']}/mark_read/"
    assert await bo.ok("POST", path) == {"marked": 1, "unread_count": 2}
    assert await bo.ok("POST", path) == {"marked": 0, "unread_count": 2}
    assert await readers(ana, second) == [bo.id]
    assert await readers(ana, first) == await readers(ana, third) == []
    assert await last_read(ana, chat, bo) == 0
    assert await mark(bo, first, second) == {"marked": 1, "unread_count": 1}
    assert await last_read(ana, chat, bo) == second["seq"]
    assert await mark_all(bo, chat) == {"marked": 1, "unread_count": 0}
    assert await last_read(ana, chat, bo) == third["seq"]
    assert await mark_all(bo, chat) == {"marked": 0, "unread_count": 0}


async def test_marking_as_read_is_no_event(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    await mark(bo, sent)
    await mark_all(bo, chat)
    assert len(await bo.events(chat)) == 1


async def test_messages_of_many_conversations_can_be_marked_at_once(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    one, two = await ana.direct(bo), await cy.direct(bo)
    from_ana = [await ana.send(one) for _ in range(3)]
    from_cy = [await cy.send(two) for _ in range(2)]
    assert await bo.ok("GET", UNREAD) == {"total": 5, "conversations": {one["id"]: 3, two["id"]: 2}}
    assert await mark(bo, *from_ana[:2], from_cy[0], from_cy[0]) == {"marked": 3, "unread_count": 2}
    assert await bo.ok("GET", UNREAD) == {"total": 2, "conversations": {one["id"]: 1, two["id"]: 1}}
    await mark_all(bo, one)
    assert await bo.ok("GET", UNREAD) == {"total": 1, "conversations": {two["id"]: 1}}


async def test_one_foreign_id_rejects_the_whole_request(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat, foreign = await ana.direct(bo), await ana.direct(cy)
    own, theirs = await ana.send(chat), await ana.send(foreign)
    path, refusals = "/chat/messages/mark_multiple_read/", []
    for wrong in (theirs["id"], str(uuid4())):
        body = {"message_ids": [own["id"], wrong]}
        refusals.append(await bo.refused("POST", path, body, status=404, code="not_found"))
    assert refusals[0] == refusals[1]
    assert (await bo.get_conversation(chat))["unread_count"] == 1
    assert await readers(ana, own) == []
    for bad in ([], [own["id"], "x"], "x", [str(uuid4()) for _ in range(501)]):
        await bo.refused("POST", path, {"message_ids": bad}, status=422, code="invalid")


async def test_own_messages_and_system_messages_are_never_unread(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    own = await bo.send(chat)
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": cy.id}, status=201)
    note = (await bo.history(chat))[0]
    assert (await bo.get_conversation(chat))["unread_count"] == 0
    assert await mark(bo, own, note) == {"marked": 0, "unread_count": 0}
    assert await readers(ana, own) == []
    assert (await ana.get_conversation(chat))["unread_count"] == 1
    assert (await cy.get_conversation(chat))["unread_count"] == 0


async def test_an_observer_counts_as_a_reader(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, observer=bo)
    sent = await ana.send(chat)
    assert await mark(bo, sent) == {"marked": 1, "unread_count": 0}
    assert await readers(ana, sent) == [bo.id]


async def test_receipts_are_ordered_by_time_and_do_not_move(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo, moderator=cy)
    sent = await ana.send(chat)
    await mark_all(cy, chat)
    await mark(bo, sent)
    path = f"/chat/messages/{sent['id']}/receipts/"
    before = await bo.ok("GET", path)
    assert await readers(bo, sent) == [cy.id, bo.id]
    await mark(cy, sent)
    await ana.send(chat)
    await mark_all(cy, chat)
    assert await bo.ok("GET", path) == before


async def test_messages_from_before_joining_are_not_unread(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    old = await ana.send(chat, "old")
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": bo.id}, status=201)
    assert (await bo.get_conversation(chat))["unread_count"] == 0
    assert await readers(ana, old) == []
    new = await ana.send(chat, "new")
    assert await bo.ok("GET", UNREAD) == {"total": 1, "conversations": {chat["id"]: 1}}
    assert await last_read(bo, chat, bo) == new["seq"] - 1


async def test_concurrent_reads_lose_nothing(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = [await ana.send(chat) for _ in range(8)]
    results = [mark(bo, message) for message in sent] + [mark(bo, *sent)]
    marked = [await result for result in results]
    assert sum(result["marked"] for result in marked) == 8
    assert (await bo.get_conversation(chat))["unread_count"] == 0


class Recount:
    """Two users and bo, who leaves and returns; recounts bo's unread messages."""

    def __init__(self, seed: int, ana: Person, bo: Person, cy: Person, chat: Json) -> None:
        self.random = random.Random(seed)
        self.ana, self.bo, self.cy, self.chat = ana, bo, cy, chat
        self.present = True
        self.joined_seq = 0
        self.read: set[str] = set()
        self.furthest = 0

    async def step(self) -> None:
        everything = await self.ana.history(self.chat, after_seq=0)
        spoken = [one for one in everything if one["message_type"] != "system"]
        await self.random.choice([self._send, self._send, self._delete, self._mark, self._mark_all, self._go])(spoken)
        if self.present:
            await self._check()

    async def _send(self, spoken: list[Json]) -> None:
        who = self.random.choice([self.ana, self.ana, self.cy] + [self.bo] * self.present)
        await who.send(self.chat, "hi")

    async def _delete(self, spoken: list[Json]) -> None:
        if spoken:
            await self.ana.ok("POST", f"/chat/messages/{self.random.choice(spoken)['id']}/delete/")

    async def _mark(self, spoken: list[Json]) -> None:
        if self.present and spoken:
            some = self.random.sample(spoken, self.random.randint(1, min(3, len(spoken))))
            await mark(self.bo, *some)
            self.read |= {one["id"] for one in some}

    async def _mark_all(self, spoken: list[Json]) -> None:
        if self.present and self.random.random() < 0.4:
            await mark_all(self.bo, self.chat)
            self.read |= {one["id"] for one in spoken}

    async def _go(self, spoken: list[Json]) -> None:
        operation = "remove_participant" if self.present else "add_participant"
        path = f"/chat/conversations/{self.chat['id']}/{operation}/"
        await self.ana.ok("POST", path, {"user_id": self.bo.id}, status=204 if self.present else 201)
        self.present = not self.present
        if self.present:
            joins = [event for event in await self.ana.events(self.chat) if event["type"] == "participant_added"]
            self.joined_seq = joins[-1]["seq"]

    async def _check(self) -> None:
        unread = [
            one["seq"]
            for one in await self.bo.history(self.chat, after_seq=self.joined_seq)
            if one["sender"] and one["sender"]["id"] != self.bo.id
            if not one["is_deleted"] and one["id"] not in self.read
        ]
        seen = await self.bo.get_conversation(self.chat)
        assert seen["unread_count"] == len(unread)
        counts = {self.chat["id"]: len(unread)} if unread else {}
        assert await self.bo.ok("GET", UNREAD) == {"total": len(unread), "conversations": counts}
        listed = await self.bo.ok("GET", "/chat/conversations/", params={"unread": True})
        assert [one["unread_count"] for one in listed["results"]] == list(counts.values())
        furthest = await last_read(self.bo, self.chat, self.bo)
        assert furthest == (min(unread) - 1 if unread else seen["last_seq"])
        assert furthest >= self.furthest, "last_read_seq went back"
        self.furthest = furthest


@pytest.mark.parametrize("seed", range(2))
async def test_the_unread_count_equals_a_recount(world: World, seed: int) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    recount = Recount(seed, ana, bo, cy, await world.job(admin=ana, participant=bo, moderator=cy))
    for _ in range(40):
        await recount.step()
