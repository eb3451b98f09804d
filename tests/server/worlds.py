"""Worlds on a service that runs in other processes."""

from types import SimpleNamespace
from typing import cast

from tests.support.processes import ServeProcess
from tests.support.workers import Worker
from tests.support.world import World


def world_of(served: ServeProcess, worker: Worker) -> World:
    """A world on a `serve`. Routes are looked up in the app of this process."""
    there = SimpleNamespace(url=served.url, ws_url=served.ws_url, settings=served.settings, app=worker.app)
    return World(cast("Worker", there))
