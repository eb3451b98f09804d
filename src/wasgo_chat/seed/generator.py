"""Made-up conversations: pure, the same for the same seed. Writing them is `seeding`'s part.

Each is a log as the doors would have written it: `seq` from 1 without a gap, times that never go back, and after a
message perhaps an edit, a deletion or reactions.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Range

from wasgo_chat.conversation_types import CONVERSATION_TYPES, SUPPORT, ConversationType
from wasgo_chat.data_import.copy import uuid7_at
from wasgo_chat.membership.roles import Role
from wasgo_chat.messages.types import SYSTEM, TEXT

Row = dict[str, Any]

WEEKS = 6
_TYPE_WEIGHTS = {name: type_.seed_weight for name, type_ in CONVERSATION_TYPES.items()}
_EMOJI = ("👍", "❤️", "😂", "🎉", "🙏", "😮")
_TALK = (
    "the and to we can you for tomorrow fence paint price offer days start work today please thanks see send photo "
    "address key gate garden house door window roof wood metal colour white green small large meter hour morning "
    "evening Friday Monday next week done ready late early agreed sorry question answer yes no maybe better price"
)
_WORDS = _TALK.split(" ")


@dataclass(slots=True)
class GeneratedConversation:
    """The rows of one conversation, by table."""

    conversation: Row
    participants: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    revisions: list[Row] = field(default_factory=list)
    reactions: list[Row] = field(default_factory=list)
    reads: list[Row] = field(default_factory=list)
    cursors: list[Row] = field(default_factory=list)


def user_rows(seed: int, count: int, until: datetime) -> list[Row]:
    """Users `seed-…`; the first of each hundred is staff."""
    return [
        {
            "id": f"seed{seed}-{n:06}",
            "username": f"person{n}",
            "display_name": f"Person {n}",
            "is_staff": n % 100 == 0,
            "created_at": until - timedelta(weeks=WEEKS + 1),
        }
        for n in range(count)
    ]


def conversations(
    seed: int, users: list[str], count: int, messages: int, until: datetime
) -> Iterator[GeneratedConversation]:
    """So many conversations with so many messages in all: a few are long, most are short."""
    chance = random.Random(seed)  # noqa: S311  the same again is the point
    weights = [chance.paretovariate(1.2) for _ in range(count)]
    total = sum(weights)
    sizes = [int(messages * weight / total) for weight in weights]
    sizes[sizes.index(max(sizes))] += messages - sum(sizes)
    pairs: set[tuple[str, str]] = set()
    for n, size in enumerate(sizes):
        yield _Conversation(seed, n, chance, users, until, pairs).make(size)


class _Conversation:
    """One of them, while it is made."""

    def __init__(
        self, seed: int, n: int, chance: random.Random, users: list[str], until: datetime, pairs: set[tuple[str, str]]
    ) -> None:
        self._chance = chance
        self._until = until
        self._seq = 0
        self.id = self._new_id(until - timedelta(weeks=WEEKS))
        self.type, self.people = self._people(users, pairs)
        self.made = GeneratedConversation(
            {
                "id": self.id,
                "conversation_type": self.type.name,
                "title": "" if self.type.has_pair else self._sentence(2, 5).capitalize(),
                "reference_type": self.type.name if self.type.is_referenced else None,
                "reference_id": f"seed{seed}-{n}" if self.type.is_referenced else None,
                "direct_pair": sorted(self.people) if self.type.has_pair else None,
                "created_by": self.people[0],
            }
        )

    def make(self, size: int) -> GeneratedConversation:
        """Everything of it, with so many messages."""
        made, chance = self.made, self._chance
        began = self._until - timedelta(seconds=chance.uniform(1, WEEKS * 7 * 86_400))
        step_s = (self._until - began).total_seconds() / (size * 2 + 2)
        at = began
        for number in range(1, size + 1):
            at += timedelta(seconds=chance.uniform(0, 2 * step_s) or 0.001)
            message = self._message(number, min(at, self._until))
            at = self._aftermath(message, at, step_s)
        ended = min(at, self._until)
        self._join(size, began, ended)
        made.conversation |= {
            "last_seq": self._seq,
            "message_count": size,
            "reads_version": len(made.reads),
            "created_at": began,
            "updated_at": made.messages[-1]["created_at"] if size else began,
        }
        if self._seq:
            made.cursors.append({"reader": "notifications", "conversation_id": self.id, "seq": self._seq})
        return made

    def _message(self, number: int, at: datetime) -> Row:
        made, chance = self.made, self._chance
        self._seq += 1
        is_note = not self.type.has_pair and chance.random() < 0.01
        reply_to = None
        if made.messages and not is_note and chance.random() < 0.12:
            reply_to = made.messages[-min(len(made.messages), chance.randint(1, 12))]["id"]
        row: Row = {
            "conversation_id": self.id,
            "id": self._new_id(at),
            "seq": self._seq,
            "number": number,
            "sender_id": None if is_note else chance.choice(self.people),
            "service": "seed" if is_note else None,
            "message_type": SYSTEM.name if is_note else TEXT.name,
            "content": self._sentence(2, 14).capitalize(),
            "reply_to": reply_to,
            "mentions": [chance.choice(self.people)] if not is_note and chance.random() < 0.02 else [],
            "revision": 1,
            "edited_at": None,
            "deleted_at": None,
            "created_at": at,
        }
        made.messages.append(row)
        self._event("new_message", row, at, actor=row["sender_id"], service=row["service"], revision=1)
        return row

    def _aftermath(self, message: Row, at: datetime, step_s: float) -> datetime:
        """What becomes of a message before the next; the time then."""
        chance, sender = self._chance, message["sender_id"]
        dice = chance.random()
        if sender is None or dice > 0.14:
            return at
        at += timedelta(seconds=chance.uniform(0, step_s))
        moment = min(at, self._until)
        if dice > 0.04:
            user_id, emoji = chance.choice(self.people), chance.choice(_EMOJI)
            reaction = {"conversation_id": self.id, "message_id": message["id"], "user_id": user_id, "emoji": emoji}
            self.made.reactions.append({**reaction, "created_at": moment})
            data = f'{{"emoji": "{emoji}", "action": "added"}}'
            self._event("reaction_update", message, moment, actor=user_id, user_id=user_id, data=data)
            return at
        kept = {"conversation_id": self.id, "message_id": message["id"], "revision": 1, "content": message["content"]}
        self.made.revisions.append({**kept, "replaced_at": moment})
        message["revision"] = 2
        if dice > 0.01:
            message |= {"content": self._sentence(2, 14).capitalize(), "edited_at": moment}
            self._event("message_edited", message, moment, actor=sender, revision=2)
        else:
            message |= {"content": None, "mentions": [], "deleted_at": moment}
            self._event("message_deleted", message, moment, actor=sender, revision=2)
        return at

    def _event(
        self,
        kind: str,
        message: Row,
        at: datetime,
        *,
        actor: str | None,
        service: str | None = None,
        revision: int | None = None,
        user_id: str | None = None,
        data: str = "{}",
    ) -> None:
        if kind != "new_message":
            self._seq += 1
        self.made.events.append(
            {
                "conversation_id": self.id,
                "seq": self._seq,
                "type": kind,
                "actor_id": actor,
                "service": service,
                "message_id": message["id"],
                "revision": revision,
                "user_id": user_id,
                "data": data,
                "created_at": at,
            }
        )

    def _join(self, size: int, began: datetime, ended: datetime) -> None:
        for place, user_id in enumerate(self.people):
            read = size if self._chance.random() < 0.7 else self._chance.randint(0, size)
            is_leader = place == 0 and not self.type.has_pair
            self.made.participants.append(
                {
                    "conversation_id": self.id,
                    "user_id": user_id,
                    "role": Role.ADMIN if is_leader else Role.PARTICIPANT,
                    "joined_at": began,
                    "read": [Range(1, read + 1)] if read else [],
                }
            )
            if read:
                version = len(self.made.reads) + 1
                reading = {"conversation_id": self.id, "version": version, "user_id": user_id}
                self.made.reads.append({**reading, "numbers": [Range(1, read + 1)], "read_at": ended})

    def _people(self, users: list[str], pairs: set[tuple[str, str]]) -> tuple[ConversationType, list[str]]:
        type_ = CONVERSATION_TYPES[self._chance.choices(list(_TYPE_WEIGHTS), list(_TYPE_WEIGHTS.values()))[0]]
        if type_.has_pair:
            for _ in range(20):
                first, second = self._chance.sample(users, 2)
                pair = (min(first, second), max(first, second))
                if pair not in pairs:
                    pairs.add(pair)
                    return type_, [first, second]
            type_ = SUPPORT  # almost every pair of users has a conversation already
        return type_, self._chance.sample(users, min(len(users), self._chance.randint(2, 6)))

    def _sentence(self, least: int, most: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=self._chance.randint(least, most)))

    def _new_id(self, at: datetime) -> UUID:
        return uuid7_at(int(at.timestamp() * 1000), self._chance.getrandbits(74))
