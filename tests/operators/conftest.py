"""A staff user, and a database whose deliveries belong to one test."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.notifications.notification_world import NotificationWorld, notification_settings
from tests.notifications.servers import mailbox, receiver
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import running
from tests.support.world import Person, World


@pytest.fixture
def staff(world: World) -> Person:
    return world.person("staff", staff=True)


@pytest.fixture
async def scenario() -> AsyncIterator[NotificationWorld]:
    name = f"chat_letters_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    async with mailbox() as mails, receiver() as hooks, running(notification_settings(name, mails, hooks)) as worker:
        made = NotificationWorld(World(worker), mails, hooks)
        yield made
        await made.world.close()
