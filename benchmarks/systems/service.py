"""The service, as run by `wasgo-chat serve`, with limits that do not affect the benchmark."""

import hashlib
import sys
from pathlib import Path
from uuid import UUID

from benchmarks.cluster import Cluster, fetch_value, run_all
from benchmarks.load.client import SocketSpec
from benchmarks.systems.base import SECRET, Page, bearer, clean_environment
from wasgo_chat.database import migrations
from wasgo_chat.settings.config import Settings

RAISED = {"MESSAGE_RATE": "0", "MAX_SOCKETS_PER_USER": "5000", "MAX_PARTICIPANTS": "5000", "MAX_FRAME_BYTES": "65536",
          "RATE_READS_PER_MINUTE": "0", "RATE_WRITES_PER_MINUTE": "0", "RATE_FRAMES_PER_MINUTE": "0",
          "RATE_CONNECTS_PER_MINUTE": "0",
          "HEARTBEAT_S": "60", "DATABASE_POOL_TIMEOUT_S": "30", "LOG_LEVEL": "WARNING"}  # fmt: skip

_USERS = "INSERT INTO users (id, username) SELECT 'u' || n, 'u' || n FROM generate_series(1, $1::int) AS n"
_CONVERSATION = "INSERT INTO conversations (id, conversation_type, title) VALUES (md5('c1')::uuid, 'support', 'Case')"
_MEMBERS = """INSERT INTO participants (conversation_id, user_id, role)
    SELECT md5('c1')::uuid, 'u' || n, 'participant' FROM generate_series(1, $1::int) AS n"""
_PREFERENCES = """INSERT INTO notification_preferences (user_id, level, email, push, webhook)
    SELECT id, $1::text, true, true, true FROM users"""
_PAIRS = """INSERT INTO conversations (id, conversation_type, direct_pair)
    SELECT md5('p' || n)::uuid, 'direct', ARRAY(SELECT unnest(ARRAY['u' || 2 * n - 1, 'u' || 2 * n]) ORDER BY 1)
    FROM generate_series(1, $1::int) AS n"""
_PAIR_MEMBERS = """INSERT INTO participants (conversation_id, user_id, role)
    SELECT md5('p' || (n + 1) / 2)::uuid, 'u' || n, 'participant' FROM generate_series(1, 2 * $1::int) AS n"""
_MESSAGES = """INSERT INTO messages (conversation_id, id, seq, number, sender_id, message_type, content, created_at)
    SELECT md5('c1')::uuid, md5('m' || n)::uuid, n, n, 'u' || 1 + n % 2, 'text', repeat('word ', 20),
           now() - ($1::int - n) * interval '1 second'
    FROM generate_series(1, $1::int) AS n"""
_EVENTS = """INSERT INTO events (conversation_id, seq, type, actor_id, message_id, revision, created_at)
    SELECT conversation_id, seq, 'new_message', sender_id, id, 1, created_at FROM messages"""
_CONSUMED = "INSERT INTO feed_heads (conversation_id, seq) SELECT id, last_seq FROM conversations WHERE last_seq > 0"
HAS_PENDING = """SELECT EXISTS (SELECT FROM pending p
    LEFT JOIN feed_heads h ON h.conversation_id = p.conversation_id WHERE p.head > COALESCE(h.seq, 0))
    OR EXISTS (SELECT FROM feed_offsets o JOIN feed_end f ON f.shard = o.shard WHERE o.position < f.position)"""
_HEAD = "UPDATE conversations SET last_seq = $1::int, message_count = $1::int"


class Service:
    """wasgo-chat.

    Args:
        notification_level: notification level of the members: `all` (the default of users) or `mentions`.
    """

    name = "service"
    reaches_other_workers = True

    def __init__(self, notification_level: str = "all") -> None:
        self._notification_level = notification_level
        self._url = ""
        self._redis = ""
        self._files = ""

    def prepare(self, cluster: Cluster) -> None:
        self._url, self._redis = cluster.fresh("service"), cluster.valkey.url
        self._files = str(cluster.folder / "files")
        migrations.upgrade(Settings(database_url=self._url).database_url)

    def command(self, port: int, workers: int) -> list[str]:
        wasgo_chat = Path(sys.executable).with_name("wasgo-chat")
        return [str(wasgo_chat), "serve", "--port", str(port), "--workers", str(workers)]

    def environment(self) -> dict[str, str]:
        settings = {
            "DATABASE_URL": self._url,
            "REDIS_URL": self._redis,
            "JWT_SECRET": SECRET,
            "STORAGE_DIR": self._files,
            **RAISED,
        }
        return {**clean_environment(), **{f"WASGO_CHAT_{name}": value for name, value in settings.items()}}

    def group(self, members: int, senders: int) -> list[SocketSpec]:
        seed: list[tuple[str, list[object]]] = [(_USERS, [members]), (_CONVERSATION, []), (_MEMBERS, [members])]
        if self._notification_level != "all":
            seed.append((_PREFERENCES, [self._notification_level]))
        run_all(self._url, [*seed, ("ANALYZE", [])])
        return [SocketSpec(path_of("c1"), bearer(f"u{n + 1}"), n < senders) for n in range(members)]

    def pairs(self, count: int) -> list[SocketSpec]:
        seed: list[tuple[str, list[object]]] = [
            (_USERS, [2 * count]),
            (_PAIRS, [count]),
            (_PAIR_MEMBERS, [count]),
            ("ANALYZE", []),
        ]
        run_all(self._url, seed)
        paths = [path_of(f"p{1 + n // 2}") for n in range(2 * count)]
        return [SocketSpec(path, bearer(f"u{n + 1}"), n % 2 == 0) for n, path in enumerate(paths)]

    def history(self, messages: int) -> Page:
        members = [(_USERS, [2]), (_CONVERSATION, []), (_MEMBERS, [2])]
        run_all(
            self._url,
            [*members, (_MESSAGES, [messages]), (_EVENTS, []), (_HEAD, [messages]), (_CONSUMED, []), ("ANALYZE", [])],
        )
        conversation = fetch_value(self._url, "SELECT id FROM conversations")
        return Page(f"/chat/messages/?conversation={conversation}&limit=50", bearer("u1"))

    def stored(self) -> int | None:
        count: int = fetch_value(self._url, "SELECT count(*) FROM messages")
        return count

    def has_pending_work(self) -> bool:
        """Whether notifications are still pending."""
        has_pending: bool = fetch_value(self._url, HAS_PENDING)
        return has_pending


def path_of(name: str) -> str:
    """The socket path of a conversation whose id is derived from a name, as in the statements above."""
    return f"/ws/chat/{UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest())}/"
