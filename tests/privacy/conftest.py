"""A worker with a separate database and folder, in which tests search for the traces of a user."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.notifications.notification_world import VAPID_KEY, WEBHOOK_SECRET
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import Worker, make_settings, running
from tests.support.world import World


@pytest.fixture(scope="session")
async def own_database() -> str:
    name = f"chat_privacy_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("privacy")


@pytest.fixture(scope="session")
async def own_worker(own_database: str, folder: Path) -> AsyncIterator[Worker]:
    """Every channel creates deliveries, and none is due while a test runs."""
    settings = make_settings(
        own_database,
        storage_dir=folder,
        notify_delay_s=3600,
        smtp_url="smtp://127.0.0.1:9",
        mail_from="Chat <chat@wasgo.example>",
        public_url="https://chat.wasgo.example",
        notify_webhook_url="http://127.0.0.1:9/hook",
        notify_webhook_secret=WEBHOOK_SECRET,
        vapid_private_key=VAPID_KEY,
        vapid_subject="mailto:ops@wasgo.example",
    )
    async with running(settings) as started:
        yield started


@pytest.fixture
async def world(own_worker: Worker) -> AsyncIterator[World]:
    made = World(own_worker)
    yield made
    await made.close()
