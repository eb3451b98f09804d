"""Fixtures: the shared servers, one worker per test process, one world per test."""

import asyncio
import os
import warnings
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop
from _pytest.nodeid import NodeId

from tests.support.servers import TEMPLATE, TestServers, create_database, database_url
from tests.support.workers import Worker, make_settings, running
from tests.support.world import World
from wasgo_chat.telemetry.logging import configure_logging

_servers: list[TestServers] = []


def pytest_configure(config: pytest.Config) -> None:
    configure_logging("WARNING", as_json=True)
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        servers = TestServers()
        servers.start()
        _servers.append(servers)


def pytest_unconfigure() -> None:
    for servers in _servers:
        servers.stop()


class Loop(uvloop.Loop):
    """The event loop of production, which can be closed although a test has left a transport open.

    uvloop warns of such a transport in a callback that closes it. If the warning is raised as an error, the transport
    stays open, and closing the loop waits for it without end.
    """

    def close(self) -> None:
        with warnings.catch_warnings(action="default", category=ResourceWarning):
            super().close()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests in the event loop of production."""
    return {"uvloop": Loop}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run all tests with an S3 server in one process, as it takes seconds to start."""
    for item in items:
        if "s3" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("s3"))
        group = item.get_closest_marker("xdist_group")
        if group is not None and config.getoption("loadgroup", default=False):
            # pytest-xdist 3.8 sets `_nodeid` to name the group. Since pytest 9.2 the id of an item is in `_id`.
            item._id = NodeId.parse(f"{item.nodeid}@{group.kwargs.get('name') or group.args[0]}")


@pytest.fixture(scope="session")
async def database() -> str:
    """The name of a migrated database of this test process."""
    name = f"chat_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture(scope="session")
async def worker(database: str) -> AsyncIterator[Worker]:
    """The worker that most tests share."""
    async with running(make_settings(database)) as started:
        yield started


@pytest.fixture
async def world(worker: Worker) -> AsyncIterator[World]:
    """Users and services for one test."""
    made = World(worker)
    yield made
    await made.close()


@pytest.fixture(scope="session")
async def other_worker(database: str) -> AsyncIterator[Worker]:
    """A second worker on the same database and Redis, for tests across workers."""
    async with running(make_settings(database, reconcile_s=0.2)) as started:
        yield started
