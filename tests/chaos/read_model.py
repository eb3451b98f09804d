"""A model of read state, compared with the operations: read stays read, and unread counts equal a recount each time.

`ConversationModel` applies one operation at a time to the database and to a model of sets, many of them in one
transaction. Hypothesis drives it in `test_read_model.py`; `make chaos-reads OPERATIONS=…` runs random operations.
"""

import argparse
import asyncio
import multiprocessing
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from tests.support.workers import SECRET
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.tokens import SCOPES
from wasgo_chat.membership import access
from wasgo_chat.membership import operations as conversations
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.messages import operations, read_receipts
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.settings.config import Settings

USERS = ("ana", "bo", "cy")
SERVICE = Actor(user_id=None, service="model", scopes=frozenset(SCOPES))
PER_CONVERSATION = 150
PER_TRANSACTION = 50


@dataclass
class ModelMessage:
    """A message of the model; `sender` is None for a system message."""

    id: UUID
    sender: str | None
    is_deleted: bool = False


@dataclass
class ModelMember:
    """A participant of the model: the number of messages when they joined, and the numbers they have read."""

    joined: int = 0
    is_in: bool = True
    read: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    """Numbers that were read in the database at the last check: they stay read."""


class ConversationModel:
    """One conversation, in the database and in the model. Messages are numbered from 1."""

    def __init__(self, conversation_id: UUID) -> None:
        self.id = conversation_id
        self.messages: list[ModelMessage] = []
        self.members = {person: ModelMember() for person in USERS}

    @classmethod
    async def create(cls, tx: Tx) -> "ConversationModel":
        """Create a conversation of all users."""
        await users.upsert_users(tx, {person: {} for person in USERS})
        made = new_id()
        tx.add(Conversation(id=made, conversation_type="job", reference_type="job", reference_id=str(made)))
        await tx.flush()
        tx.add_all(Participant(conversation_id=made, user_id=person, role="moderator") for person in USERS)
        await tx.flush()
        return cls(made)

    async def send(self, tx: Tx, who: str) -> None:
        """A user sends a message, if they are a member."""
        body = MessageContent(content="words")
        if not self.members[who].is_in:
            return
        self.messages.append(
            ModelMessage((await operations.send(tx, Actor(user_id=who), self.id, body)).message_id, who)
        )

    async def send_system_message(self, tx: Tx) -> None:
        """The service posts a system message."""
        await access.authorize(tx, SERVICE, self.id, lock=True)
        self.messages.append(
            ModelMessage((await operations.post_system_message(tx, SERVICE, self.id, "note", {})).message_id, None)
        )

    async def delete(self, tx: Tx, which: int) -> None:
        """The service deletes a message."""
        if self.messages:
            said = self.messages[which % len(self.messages)]
            await operations.delete(tx, SERVICE, said.id)
            said.is_deleted = True

    async def toggle_membership(self, tx: Tx, who: str) -> None:
        """A user leaves or returns."""
        member, seat = self.members[who], await access.authorize(tx, SERVICE, self.id, lock=True)
        if member.is_in:
            await conversations.drop_participant(tx, seat, who)
        else:
            await conversations.put_participant(tx, seat, who, "moderator")
            member.joined = len(self.messages)
        member.is_in = not member.is_in

    async def mark(self, tx: Tx, who: str, which: Sequence[int]) -> None:
        """A user marks some messages as read."""
        if not self.messages:
            return
        numbers = {one % len(self.messages) + 1 for one in which}
        member, ids = self.members[who], [self.messages[number - 1].id for number in numbers]
        try:
            answer = await read_receipts.mark_messages(tx, Actor(user_id=who), ids)
        except NotFound:
            assert not member.is_in
            return
        assert member.is_in
        member.read |= {number for number in numbers if self.messages[number - 1].sender not in (None, who)}
        assert answer["unread_count"] == len(self.unread(who)), (answer, self.unread(who))

    async def mark_all(self, tx: Tx, who: str) -> None:
        """A user marks the conversation as read."""
        member = self.members[who]
        if not member.is_in:
            return
        before = len(self.unread(who))
        answer = await read_receipts.mark_conversation(tx, Actor(user_id=who), self.id)
        assert answer == {"marked": before, "unread_count": 0}
        if before:
            member.read |= set(range(1, len(self.messages) + 1))

    def unread(self, who: str) -> list[int]:
        """The recount: messages of others since the user joined, not deleted, not system, not read."""
        member = self.members[who]
        return [
            number
            for number, said in enumerate(self.messages, 1)
            if number > member.joined
            and said.sender not in (None, who)
            and not said.is_deleted
            and number not in member.read
        ]

    async def check(self, tx: Tx) -> None:
        """Compare every unread count with a recount, and check that read messages stay read."""
        statement = select(Participant.user_id, Participant.read).where(Participant.conversation_id == self.id)
        stored = {
            user: {number for part in read for number in range(part.lower, part.upper)}
            for user, read in await tx.execute(statement)
        }
        lasts = await read_receipts.last_read_seqs(tx, [self.id])
        for who, member in self.members.items():
            assert stored[who] >= member.stored, f"{who} had read {sorted(member.stored - stored[who])}"
            assert stored[who] >= member.read, f"{who} marked {sorted(member.read - stored[who])}"
            member.stored = stored[who]
            assert ((self.id, who) in lasts) == member.is_in
            if member.is_in:
                counts = await read_receipts.unread_counts(tx, who, [self.id])
                assert counts.get(self.id, 0) == len(self.unread(who)), (who, counts, self.unread(who))


async def random_operation(life: ConversationModel, tx: Tx, rng: random.Random) -> None:
    """Apply one random operation."""
    who = rng.choice(USERS)
    match rng.randrange(12):
        case 0 | 1 | 2 | 3:
            await life.send(tx, who)
        case 4:
            await life.send_system_message(tx)
        case 5:
            await life.delete(tx, rng.randrange(1000))
        case 6:
            await life.toggle_membership(tx, who)
        case 7:
            await life.mark_all(tx, who)
        case _:
            await life.mark(tx, who, [rng.randrange(1000) for _ in range(rng.randint(1, 5))])


async def run_operations(url: str, seed: int, operations: int) -> None:
    """Run random operations, in one conversation after another."""
    rng, began = random.Random(seed), time.monotonic()
    db = Database(Settings(database_url=url, jwt_secret=SECRET))
    done = 0
    try:
        while done < operations:
            async with db.transaction() as tx:
                life = await ConversationModel.create(tx)
            for _ in range(PER_CONVERSATION // PER_TRANSACTION):
                async with db.transaction() as tx:
                    for _ in range(PER_TRANSACTION):
                        await random_operation(life, tx, rng)
                    await life.check(tx)
            before, done = done, done + PER_CONVERSATION
            if done // 30_000 > before // 30_000:
                pace = done / (time.monotonic() - began)
                sys.stdout.write(f"seed {seed}: {done} operations, {pace:.0f} a second\n")
                sys.stdout.flush()
    finally:
        await db.close()


def _run_process(url: str, seed: int, operations: int) -> None:
    asyncio.run(run_operations(url, seed, operations))


def main() -> int:
    """The command line: several processes, each with its own conversations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    sys.stdout.write(f"{given.operations} operations, SEED={seed}\n")
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-reads-") as folder:
        postgres = Postgres(Path(folder) / "postgres", {"fsync": "off", "full_page_writes": "off"})
        postgres.start()
        try:
            migrations.upgrade(Settings(database_url=postgres.url()).database_url)
            share = -(-given.operations // given.processes)
            spawn = multiprocessing.get_context("spawn")
            children = [
                spawn.Process(target=_run_process, args=(postgres.url(), seed + number, share))
                for number in range(given.processes)
            ]
            for child in children:
                child.start()
            for child in children:
                child.join()
        finally:
            postgres.stop(immediately=True)
    is_broken = any(child.exitcode for child in children)
    sys.stdout.write(f"broken, SEED={seed}\n" if is_broken else "reads never went back, every count was a recount\n")
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main())
