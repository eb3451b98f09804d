"""The Django Channels chat, in a separate virtual environment, on the same database and Redis servers."""

import os
import subprocess

from benchmarks.cluster import Cluster, fetch_value, run_all
from benchmarks.load.client import SocketSpec
from benchmarks.load.controller import ROOT
from benchmarks.systems.base import SECRET, Page, bearer, clean_environment, uvicorn_command
from benchmarks.systems.service import path_of

REFERENCE_APPS = ROOT / "benchmarks" / "reference_apps"
PYTHON = REFERENCE_APPS / ".venv" / "bin" / "python"
CORE_LAYER = "channels_redis.core.RedisChannelLayer"
PUBSUB_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"

_USERS = """INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active,
        date_joined)
    SELECT 'u' || n, '', false, '', '', '', false, true, now() FROM generate_series(1, $1::int) AS n"""
_CONVERSATION = "INSERT INTO channels_chat_conversation (id, title, last_seq) VALUES (md5('c1')::uuid, 'Case', $1::int)"
_MEMBERS = """INSERT INTO channels_chat_participant (conversation_id, user_id)
    SELECT md5('c1')::uuid, id FROM auth_user"""
_PAIRS = """INSERT INTO channels_chat_conversation (id, title, last_seq)
    SELECT md5('p' || n)::uuid, '', 0 FROM generate_series(1, $1::int) AS n"""
_PAIR_MEMBERS = """INSERT INTO channels_chat_participant (conversation_id, user_id)
    SELECT md5('p' || (substr(username, 2)::int + 1) / 2)::uuid, id FROM auth_user"""
_MESSAGES = """INSERT INTO channels_chat_message (id, conversation_id, seq, sender_id, message_type, content, metadata,
        is_edited, is_deleted, created_at)
    SELECT md5('m' || n)::uuid, md5('c1')::uuid, n, (SELECT min(id) FROM auth_user) + n % 2, 'text',
           repeat('word ', 20), '{}', false, false, now() - ($1::int - n) * interval '1 second'
    FROM generate_series(1, $1::int) AS n"""


class Channels:
    """Django, Channels and channels_redis.

    Args:
        layer: class of the channel layer.
        server: `uvicorn`, or `daphne` (one worker only).
    """

    name = "channels"
    reaches_other_workers = True

    def __init__(self, layer: str = CORE_LAYER, server: str = "uvicorn") -> None:
        self._layer = layer
        self._server = server
        self._url = ""
        self._redis = ""

    def prepare(self, cluster: Cluster) -> None:
        self._url, self._redis = cluster.fresh("channels"), cluster.valkey.url
        subprocess.run(  # noqa: S603  a fixed command
            [str(PYTHON), "-m", "django", "migrate", "--verbosity", "0"],
            env=self.environment(),
            check=True,
        )

    def command(self, port: int, workers: int) -> list[str]:
        app = "channels_chat.asgi:application"
        if self._server == "daphne":
            return [str(PYTHON), "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "--verbosity", "0", app]
        return uvicorn_command(PYTHON, app, port, workers, "--lifespan", "off")

    def environment(self) -> dict[str, str]:
        return {
            **clean_environment(),
            "PYTHONPATH": os.fspath(REFERENCE_APPS),
            "DJANGO_SETTINGS_MODULE": "channels_chat.settings",
            "CHAT_DATABASE_URL": self._url,
            "CHAT_REDIS_URL": self._redis,
            "CHAT_JWT_SECRET": SECRET,
            "CHAT_LAYER": self._layer,
        }

    def group(self, members: int, senders: int) -> list[SocketSpec]:
        run_all(self._url, [(_USERS, [members]), (_CONVERSATION, [0]), (_MEMBERS, []), ("ANALYZE", [])])
        return [SocketSpec(path_of("c1"), bearer(f"u{n + 1}"), n < senders) for n in range(members)]

    def pairs(self, count: int) -> list[SocketSpec]:
        run_all(self._url, [(_USERS, [2 * count]), (_PAIRS, [count]), (_PAIR_MEMBERS, []), ("ANALYZE", [])])
        return [SocketSpec(path_of(f"p{1 + n // 2}"), bearer(f"u{n + 1}"), n % 2 == 0) for n in range(2 * count)]

    def history(self, messages: int) -> Page:
        members = [(_USERS, [2]), (_CONVERSATION, [messages]), (_MEMBERS, [])]
        run_all(self._url, [*members, (_MESSAGES, [messages]), ("ANALYZE", [])])
        conversation = fetch_value(self._url, "SELECT id FROM channels_chat_conversation")
        return Page(f"/chat/messages/?conversation={conversation}", bearer("u1"))

    def stored(self) -> int | None:
        count: int = fetch_value(self._url, "SELECT count(*) FROM channels_chat_message")
        return count

    def has_pending_work(self) -> bool:
        return False
