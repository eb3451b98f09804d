"""A worker with every delivery channel, in a database where no other worker consumes the log."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.notifications.notification_world import NotificationWorld, notification_settings
from tests.notifications.servers import Mailbox, Receiver
from tests.notifications.servers import mailbox as open_mailbox
from tests.notifications.servers import receiver as open_receiver
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import Worker, running
from tests.support.world import World


@pytest.fixture(scope="session")
async def notification_database() -> str:
    name = f"chat_post_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture
async def quiet_database() -> str:
    """A database for tests with other settings: all workers of a database have the same settings."""
    name = f"chat_quiet_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture(scope="session")
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


@pytest.fixture(scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


@pytest.fixture(scope="session")
async def notification_worker(
    notification_database: str, mailbox: Mailbox, receiver: Receiver
) -> AsyncIterator[Worker]:
    async with running(notification_settings(notification_database, mailbox, receiver)) as started:
        yield started


@pytest.fixture
async def scenario(
    notification_worker: Worker, mailbox: Mailbox, receiver: Receiver
) -> AsyncIterator[NotificationWorld]:
    world = World(notification_worker)
    mailbox.responses.clear()
    receiver.responses.clear()
    yield NotificationWorld(world, mailbox, receiver)
    await world.close()
