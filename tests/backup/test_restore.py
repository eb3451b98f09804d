"""Backups as described in docs/backup.md, taken under load and restored: logs are complete, and clients resync."""

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.command_line import run as run_command
from tests.support.processes import environment
from tests.support.servers import create_database
from tests.support.standalone import NAME, own_postgres
from tests.support.standby import run
from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, world_with
from wasgo_chat.data_import import invariants
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

LEAST = 20


def settings_of(postgres: Postgres, database: str = NAME) -> Settings:
    return make_settings(NAME, database_url=postgres.url(database))


@asynccontextmanager
async def talking(person: Person, chat: Json) -> AsyncIterator[list[int]]:
    """A sender that sends without a pause; returns the seqs of the acks."""
    acked: list[int] = []

    async def talk() -> None:
        while True:
            acked.append((await person.send(chat, f"m{len(acked)}"))["seq"])

    task = asyncio.create_task(talk())
    try:
        while len(acked) < LEAST:  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.01)
        yield acked
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def command(postgres: Postgres, name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the user of the server."""
    given = [str(postgres.binaries / name), "-h", str(postgres.run_folder), "-U", "postgres", *arguments]
    running = postgres.spawn(given, subprocess.PIPE)
    output, _ = await asyncio.to_thread(running.communicate, timeout=60)
    assert running.returncode == 0, output.decode(errors="replace")


async def goes_on(settings: Settings, people: tuple[str, str], chat: Json, told: int, epoch: str) -> int:
    """Check a service on the restored database: complete logs, new messages, and a `resync` for clients that are ahead.

    That holds also for a client that returns when the log is longer again than what it knows.
    """
    env = environment("", DATABASE_URL=settings.require_database())
    found = await asyncio.to_thread(run_command, "doctor", "--new-epoch", env=env)
    assert "A new epoch has begun" in found.stdout, found
    async with world_with(settings) as world:
        assert await invariants.check_invariants(world.worker.db) == []
        ana, bo = (restored_person(world, user_id) for user_id in people)
        head = int((await ana.get_conversation(chat))["last_seq"])
        assert head < told
        async with bo.connect(chat, after_seq=told) as live:
            assert (await live.receive("resync"))["last_seq"] == head
            assert (await ana.send(chat, "after the restore"))["seq"] == head + 1
            assert (await live.receive("new_message"))["seq"] == head + 1
        while (await ana.send(chat, "more"))["seq"] <= told:
            pass
        async with bo.connect(chat, after_seq=told, epoch=epoch) as live:
            resync = await live.receive("resync")
            assert resync["last_seq"] > told
            assert resync["epoch"] == live.hello["epoch"] != epoch
        return head


async def epoch_of(person: Person, chat: Json) -> str:
    async with person.connect(chat) as live:
        return str(live.hello["epoch"])


def restored_person(world: World, user_id: str) -> Person:
    return Person(world, user_id, user_id, mint_user(world.worker.settings, user_id, ttl_s=600))


async def test_a_dump_under_load_is_restored_and_clients_resync(tmp_path: Path) -> None:
    async with own_postgres(tmp_path) as postgres:
        dump = postgres.run_folder / "dump"  # the user of the server needs access to the complete path
        async with world_with(settings_of(postgres)) as world:
            ana, bo = world.people("ana", "bo")
            chat = await ana.direct(bo)
            async with talking(ana, chat) as acked:
                before = len(acked)
                await command(postgres, "pg_dump", "-Fd", "-j", "2", "-f", str(dump), NAME)
            told = int((await ana.send(chat, "lost"))["seq"])
            epoch = await epoch_of(bo, chat)
        await create_database(postgres.url(), "restored")
        await command(postgres, "pg_restore", "-j", "2", "-d", "restored", "--exit-on-error", str(dump))
        head = await goes_on(settings_of(postgres, "restored"), (ana.id, bo.id), chat, told, epoch)
        assert head >= before


async def test_a_base_backup_is_restored_to_a_point_in_time(tmp_path: Path) -> None:
    archive, copy = tmp_path / "archive", tmp_path / "restored"
    archived = {"archive_mode": "on", "archive_command": f"cp %p {archive}/%f", "wal_level": "replica"}
    Postgres(tmp_path / "none").make_accessible(archive)
    async with own_postgres(tmp_path, **archived) as postgres:
        postgres.make_accessible(copy)
        async with world_with(settings_of(postgres)) as world:
            ana, bo = world.people("ana", "bo")
            chat = await ana.direct(bo)
            async with talking(ana, chat) as acked:
                await command(postgres, "pg_basebackup", "-D", str(copy), "-c", "fast", "--no-sync", "-X", "none")
                reached = len(acked)
                while len(acked) < reached + LEAST:  # noqa: ASYNC110  polling is the point
                    await asyncio.sleep(0.01)
            kept = int((await ana.send(chat, "kept"))["seq"])
            moment = await run(postgres, "SELECT clock_timestamp()::text")
            told = int((await ana.send(chat, "the mistake"))["seq"])
            epoch = await epoch_of(bo, chat)
            await archive_all(postgres)
    (copy / "recovery.signal").write_text("")
    recovery = {
        "restore_command": f"cp {archive}/%f %p",
        "recovery_target_time": str(moment),
        "recovery_target_action": "promote",
    }
    restored = Postgres(copy, {"fsync": "off", "full_page_writes": "off", **recovery})
    await asyncio.to_thread(restored.start)
    try:
        async with asyncio.timeout(30):
            while await run(restored, "SELECT pg_is_in_recovery()"):  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.05)
        assert await goes_on(settings_of(restored), (ana.id, bo.id), chat, told, epoch) == kept
    finally:
        await asyncio.to_thread(restored.stop, immediately=True)
        shutil.rmtree(copy, ignore_errors=True)


async def archive_all(postgres: Postgres) -> None:
    """Wait until the WAL written so far is archived."""
    segment = await run(postgres, "SELECT pg_walfile_name(pg_switch_wal())")
    async with asyncio.timeout(30):
        while str(await run(postgres, "SELECT last_archived_wal FROM pg_stat_archiver")) < str(segment):  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.05)
