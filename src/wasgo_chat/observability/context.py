"""What health checks and metrics need from the worker that they describe. `Worker` satisfies it structurally."""

from collections.abc import Sequence
from typing import Protocol

from starlette.requests import HTTPConnection

from wasgo_chat.database.session import Database
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.http.context import HttpContext
from wasgo_chat.messages.sending.group_commit import GroupCommit
from wasgo_chat.observability.schema_check import SchemaCheck
from wasgo_chat.pubsub import Broker
from wasgo_chat.telemetry.aggregation import Metrics


class ObservabilityContext(HttpContext, Protocol):
    """The parts of a worker whose state operators see."""

    background_db: Database
    keyed_db: Database
    group_commit: GroupCommit
    hub: Hub
    broker: Broker
    metrics: Metrics
    is_draining: bool
    schema_check: SchemaCheck

    @property
    def consumer_names(self) -> Sequence[str]: ...


def observability_context(connection: HTTPConnection) -> ObservabilityContext:
    """The worker that serves this connection."""
    worker: ObservabilityContext = connection.app.state.worker
    return worker
