"""Generates conversations, always the same ones for a seed. Pure; `seed.run` writes them.

Each is a log as requests would have written it: `seq` from 1 without a gap, times that never decrease, and edits,
deletions and reactions after some messages.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Range

from wasgo_chat.conversation_types import CONVERSATION_TYPES, SUPPORT, ConversationType
from wasgo_chat.core.encoding import uuid7_at
from wasgo_chat.membership.roles import Role
from wasgo_chat.messages.types import SYSTEM, TEXT

Row = dict[str, Any]

WEEKS = 6
_TYPE_WEIGHTS = {name: type_.seed_weight for name, type_ in CONVERSATION_TYPES.items()}
_EMOJI = ("👍", "❤️", "😂", "🎉", "🙏", "😮")
_TEXT = (
    "the and to we can you for tomorrow fence paint price offer days start work today please thanks see send photo "
    "address key gate garden house door window roof wood metal colour white green small large meter hour morning "
    "evening Friday Monday next week done ready late early agreed sorry question answer yes no maybe better price"
)
_WORDS = _TEXT.split(" ")


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
    feed_heads: list[Row] = field(default_factory=list)


def user_rows(seed: int, count: int, until: datetime) -> list[Row]:
    """Users `seedN-000000` and on. The first of each hundred is staff."""
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
    """Generate conversations with `messages` messages in total: a few long ones, most of them short (Pareto)."""
    rng = random.Random(seed)  # noqa: S311  reproducible on purpose
    weights = [rng.paretovariate(1.2) for _ in range(count)]
    total = sum(weights)
    sizes = [int(messages * weight / total) for weight in weights]
    sizes[sizes.index(max(sizes))] += messages - sum(sizes)
    pairs: set[tuple[str, str]] = set()
    for n, size in enumerate(sizes):
        yield _Generator(seed, n, rng, users, until, pairs).generate(size)


class _Generator:
    """Generates one conversation."""

    def __init__(
        self, seed: int, n: int, rng: random.Random, users: list[str], until: datetime, pairs: set[tuple[str, str]]
    ) -> None:
        self._rng = rng
        self._until = until
        self._seq = 0
        self.id = self._new_id(until - timedelta(weeks=WEEKS))
        self.type, self.user_ids = self._choose_users(users, pairs)
        self.result = GeneratedConversation(
            {
                "id": self.id,
                "conversation_type": self.type.name,
                "title": "" if self.type.has_pair else self._sentence(2, 5).capitalize(),
                "reference_type": self.type.name if self.type.is_referenced else None,
                "reference_id": f"seed{seed}-{n}" if self.type.is_referenced else None,
                "direct_pair": sorted(self.user_ids) if self.type.has_pair else None,
                "created_by": self.user_ids[0],
            }
        )

    def generate(self, size: int) -> GeneratedConversation:
        """Generate all rows of the conversation, with `size` messages."""
        result, rng = self.result, self._rng
        started_at = self._until - timedelta(seconds=rng.uniform(1, WEEKS * 7 * 86_400))
        step_s = (self._until - started_at).total_seconds() / (size * 2 + 2)
        at = started_at
        for number in range(1, size + 1):
            at += timedelta(seconds=rng.uniform(0, 2 * step_s) or 0.001)
            message = self._message(number, min(at, self._until))
            at = self._change_message(message, at, step_s)
        ended_at = min(at, self._until)
        self._add_participants(size, started_at, ended_at)
        result.conversation |= {
            "last_seq": self._seq,
            "message_count": size,
            "reads_version": len(result.reads),
            "created_at": started_at,
            "updated_at": result.messages[-1]["created_at"] if size else started_at,
        }
        if self._seq:
            result.feed_heads.append({"conversation_id": self.id, "seq": self._seq})
        return result

    def _message(self, number: int, at: datetime) -> Row:
        result, rng = self.result, self._rng
        self._seq += 1
        is_system = not self.type.has_pair and rng.random() < 0.01
        reply_to = None
        if result.messages and not is_system and rng.random() < 0.12:
            reply_to = result.messages[-min(len(result.messages), rng.randint(1, 12))]["id"]
        row: Row = {
            "conversation_id": self.id,
            "id": self._new_id(at),
            "seq": self._seq,
            "number": number,
            "sender_id": None if is_system else rng.choice(self.user_ids),
            "service": "seed" if is_system else None,
            "message_type": SYSTEM.name if is_system else TEXT.name,
            "content": self._sentence(2, 14).capitalize(),
            "reply_to": reply_to,
            "mentions": [rng.choice(self.user_ids)] if not is_system and rng.random() < 0.02 else [],
            "revision": 1,
            "edited_at": None,
            "deleted_at": None,
            "created_at": at,
        }
        result.messages.append(row)
        self._event("new_message", row, at, actor=row["sender_id"], service=row["service"], revision=1)
        return row

    def _change_message(self, message: Row, at: datetime, step_s: float) -> datetime:
        """Perhaps edit, delete or react to a message before the next one. Returns the time after that."""
        rng, sender = self._rng, message["sender_id"]
        outcome = rng.random()
        if sender is None or outcome > 0.14:
            return at
        at += timedelta(seconds=rng.uniform(0, step_s))
        changed_at = min(at, self._until)
        if outcome > 0.04:
            user_id, emoji = rng.choice(self.user_ids), rng.choice(_EMOJI)
            reaction = {"conversation_id": self.id, "message_id": message["id"], "user_id": user_id, "emoji": emoji}
            self.result.reactions.append({**reaction, "created_at": changed_at})
            data = f'{{"emoji": "{emoji}", "action": "added"}}'
            self._event("reaction_update", message, changed_at, actor=user_id, user_id=user_id, data=data)
            return at
        revision = {
            "conversation_id": self.id,
            "message_id": message["id"],
            "revision": 1,
            "content": message["content"],
        }
        self.result.revisions.append({**revision, "replaced_at": changed_at})
        message["revision"] = 2
        if outcome > 0.01:
            message |= {"content": self._sentence(2, 14).capitalize(), "edited_at": changed_at}
            self._event("message_edited", message, changed_at, actor=sender, revision=2)
        else:
            message |= {"content": None, "mentions": [], "deleted_at": changed_at}
            self._event("message_deleted", message, changed_at, actor=sender, revision=2)
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
        self.result.events.append(
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

    def _add_participants(self, size: int, started_at: datetime, ended_at: datetime) -> None:
        for index, user_id in enumerate(self.user_ids):
            read = size if self._rng.random() < 0.7 else self._rng.randint(0, size)
            is_leader = index == 0 and not self.type.has_pair
            self.result.participants.append(
                {
                    "conversation_id": self.id,
                    "user_id": user_id,
                    "role": Role.ADMIN if is_leader else Role.PARTICIPANT,
                    "joined_at": started_at,
                    "read": [Range(1, read + 1)] if read else [],
                }
            )
            if read:
                version = len(self.result.reads) + 1
                receipt = {"conversation_id": self.id, "version": version, "user_id": user_id}
                self.result.reads.append({**receipt, "numbers": [Range(1, read + 1)], "read_at": ended_at})

    def _choose_users(self, users: list[str], pairs: set[tuple[str, str]]) -> tuple[ConversationType, list[str]]:
        names, weights = list(_TYPE_WEIGHTS), list(_TYPE_WEIGHTS.values())
        type_ = CONVERSATION_TYPES[self._rng.choices(names, weights)[0]]
        if type_.has_pair:
            for _ in range(20):
                first, second = self._rng.sample(users, 2)
                pair = (min(first, second), max(first, second))
                if pair not in pairs:
                    pairs.add(pair)
                    return type_, [first, second]
            type_ = SUPPORT  # almost every pair of users has a conversation already
        return type_, self._rng.sample(users, min(len(users), self._rng.randint(2, 6)))

    def _sentence(self, min_words: int, max_words: int) -> str:
        return " ".join(self._rng.choices(_WORDS, k=self._rng.randint(min_words, max_words)))

    def _new_id(self, at: datetime) -> UUID:
        return uuid7_at(int(at.timestamp() * 1000), self._rng.getrandbits(74))
