"""No notification is sent twice: concurrent dispatchers, crashes at every step, servers that reject or are down."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import select

from tests.notifications.notification_world import UNFINISHED, NotificationWorld, address, notification_settings
from tests.notifications.servers import Mailbox, Receiver
from tests.notifications.servers import mailbox as open_mailbox
from tests.support.processes import ServeProcess, serving
from tests.support.servers import database_url
from tests.support.workers import running
from tests.support.world import PATIENCE_S, Person, World, wait_until
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.notifications.models import Delivery

MANY = 24


async def test_two_concurrent_dispatchers_never_send_twice(
    quiet_database: str, mailbox: Mailbox, receiver: Receiver
) -> None:
    settings = notification_settings(quiet_database, mailbox, receiver)
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(running(settings)) for _ in range(2)]
        scenario = NotificationWorld(World(workers[0]), mailbox, receiver)
        ana = await scenario.person("ana")
        slots = asyncio.Semaphore(3)  # fewer than database connections

        async def send_three(name: str) -> Person:
            async with slots:
                other = await scenario.person(name)
                chat = await ana.direct(other)
                for number in range(3):
                    await ana.send(chat, str(number))
                return other

        others = await asyncio.gather(*(send_three(f"bo{number}") for number in range(MANY)))
        await scenario.deliver_due(*others)
        assert [len(scenario.mails_to(other)) for other in others] == [1] * MANY
        page = await scenario.world.service.ok("GET", "/chat/deliveries/", params={"limit": 100})
        assert [(one["state"], one["attempts"]) for one in page["results"]] == [("sent", 1)] * MANY
        await scenario.world.close()


async def crash_after_claim(scenario: NotificationWorld, person: Person) -> UUID:
    """The state after a worker crashed with a claimed delivery."""
    await scenario.wait_for_consumers()
    async with scenario.world.worker.db.transaction() as tx:
        found: Delivery = (await tx.execute(select(Delivery).where(Delivery.user_id == person.id))).scalar_one()
        assert await queue.claim(tx, found) == 1
    return found.id


async def test_a_delivery_claimed_before_a_crash_is_sent_once_by_another_worker(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    delivery_id = await crash_after_claim(scenario, bo)
    assert [one["state"] for one in await scenario.deliveries(bo)] == ["sending"]
    await scenario.deliver_due(bo)
    (mail,) = scenario.mails_to(bo)
    assert str(delivery_id) in mail["message-id"]
    assert [(one["state"], one["attempts"]) for one in await scenario.deliveries(bo)] == [("sent", 2)]


async def test_a_worker_that_resumes_after_another_took_over_changes_nothing(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    delivery_id = await crash_after_claim(scenario, bo)
    await scenario.deliver_due(bo)
    async with scenario.world.worker.db.transaction() as tx:
        assert not await queue.mark_handed_over(tx, delivery_id, 1)
        await queue.mark_failed(tx, delivery_id, 1, "late")
    assert [(one["state"], one["error"]) for one in await scenario.deliveries(bo)] == [("sent", None)]


async def test_a_webhook_claimed_before_a_crash_has_the_same_id_again(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.person("ana"), await scenario.person("bo", only="webhook")
    await ana.send(await ana.direct(bo))
    delivery_id = await crash_after_claim(scenario, bo)
    await scenario.deliver_due(bo)
    ids = [
        request.headers["webhook-id"]
        for request in scenario.receiver.requests_to("/hook")
        if bo.id.encode() in request.body
    ]
    assert ids == [str(delivery_id)]


async def test_a_delivery_that_crashes_its_worker_every_time_becomes_dead(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    await crash_after_claim(scenario, bo)
    await scenario.execute("UPDATE deliveries SET attempts = 3 WHERE user_id = :id", id=bo.id)
    await scenario.deliver_due(bo)
    assert [(one["state"], one["error"]) for one in await scenario.deliveries(bo)] == [("dead", "claim_lost")]
    assert scenario.mails_to(bo) == []


class Served:
    """The service in separate processes, over HTTP and by its database."""

    def __init__(self, served: ServeProcess, database: str) -> None:
        self.served = served
        self.database = database

    async def call(self, method: str, path: str, body: Any = None, *, user: str | None = None) -> Any:
        settings = self.served.settings
        bearer = mint_user(settings, user, ttl_s=600) if user else mint_service(settings, "p", list(SCOPES), ttl_s=600)
        async with httpx.AsyncClient(base_url=self.served.url, timeout=30) as client:
            response = await client.request(method, path, json=body, headers={"Authorization": f"Bearer {bearer}"})
        assert response.status_code < 300, response.text
        return response.json()

    async def do(self, statement: str) -> None:
        connection = await asyncpg.connect(database_url(self.database))
        await connection.execute(statement)
        await connection.close()


async def test_a_worker_killed_after_the_server_accepted_the_mail_sends_no_second_one(
    quiet_database: str, tmp_path: Path
) -> None:
    async with open_mailbox() as mailbox:
        environment = {
            "SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "MAIL_FROM": "chat@wasgo.example",
            "PUBLIC_URL": "https://chat.wasgo.example",
            "NOTIFY_DELAY_S": "0",
        }
        async with serving(quiet_database, tmp_path / "log", workers=2, **environment) as processes:
            served = Served(processes, quiet_database)

            async def kill() -> None:
                for pid in processes.workers():
                    os.kill(pid, signal.SIGKILL)
                mailbox.before_answer = None

            mailbox.before_answer = kill
            await served.call("PUT", "/chat/users/bo/", {"email": "bo@people.example"})
            body = {"conversation_type": "direct", "participant_ids": ["bo"]}
            chat = await served.call("POST", "/chat/conversations/", body, user="ana")
            before = processes.workers()
            await served.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"}, user="ana")
            await wait_until(lambda: len(mailbox.received) == 1)
            await wait_until(lambda: bool(processes.workers()) and not set(processes.workers()) & set(before))
            await processes.wait_ready()
            await served.do(f"UPDATE deliveries SET due_at = now() WHERE state IN {UNFINISHED}")
            async with asyncio.timeout(2 * PATIENCE_S):
                path = "/chat/deliveries/?state=dead"
                while not (found := (await served.call("GET", path))["results"]):  # noqa: ASYNC110  a row is all there is to see
                    await asyncio.sleep(0.1)
            assert [(one["error"], one["attempts"]) for one in found] == [("unknown_outcome", 1)]
            assert len(mailbox.received) == 1
            # An operator may decide to risk a second one: it has the same Message-ID.
            await served.call("POST", f"/chat/deliveries/{found[0]['id']}/retry/")
            await wait_until(lambda: len(mailbox.received) == 2)
            assert len({mail["message-id"] for _, mail in mailbox.received}) == 1


@pytest.mark.parametrize("answer", ["451 try later", "421 closing"])
async def test_a_deferred_mail_is_sent_again(scenario: NotificationWorld, answer: str) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    scenario.mailbox.responses[:] = [answer, answer]
    await scenario.deliver_due(bo)
    assert len(scenario.mails_to(bo)) == 1
    assert [(one["state"], one["attempts"]) for one in await scenario.deliveries(bo)] == [("sent", 3)]


async def test_a_rejected_mail_is_dead_at_once(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    scenario.mailbox.responses[:] = ["554 never"]
    await scenario.deliver_due(bo)
    found = [(one["state"], one["attempts"], one["error"]) for one in await scenario.deliveries(bo)]
    assert found == [("dead", 1, "smtp_554")]


@pytest.mark.parametrize("email", ["bo@", "bö@people.example", "a,b@people.example", "<bo@people.example"])
async def test_an_invalid_address_is_dead_at_once(scenario: NotificationWorld, email: str) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await scenario.execute("UPDATE users SET email = :email WHERE id = :id", email=email, id=bo.id)
    await ana.send(await ana.direct(bo))
    await scenario.deliver_due(bo)
    assert [one["state"] for one in await scenario.deliveries(bo)] == ["dead"]
    assert scenario.mails_to(bo) == []


async def test_an_unreachable_server_is_retried_until_the_delivery_is_dead(
    quiet_database: str, receiver: Receiver
) -> None:
    async with open_mailbox() as closed:
        pass
    async with running(notification_settings(quiet_database, closed, receiver)) as worker:
        scenario = NotificationWorld(World(worker), closed, receiver)
        ana, bo = await scenario.people("ana", "bo")
        await ana.send(await ana.direct(bo))
        await scenario.deliver_due(bo)
        (one,) = await scenario.deliveries(bo)
        assert (one["state"], one["attempts"], one["error"]) == ("dead", 3, "smtp_SMTPConnectError")
        await scenario.world.close()


async def test_a_user_who_is_online_gets_no_mail(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    async with bo.connect(None):
        for other in (bo, cy):
            await ana.send(await ana.direct(other))
        await scenario.deliver_due(bo, cy)
    assert (len(scenario.mails_to(bo)), len(scenario.mails_to(cy))) == (0, 1)
    assert address(cy) in scenario.mails_to(cy)[0]["to"]
