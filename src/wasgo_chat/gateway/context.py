"""What connections need from the worker that serves them. `Worker` satisfies it structurally."""

from typing import Protocol

from starlette.requests import HTTPConnection

from wasgo_chat.gateway.admission import AddressLimits, ConnectionAdmission
from wasgo_chat.gateway.command_registry import CommandRegistry
from wasgo_chat.gateway.delivery.notification_feed import NotificationFeed
from wasgo_chat.gateway.session import SessionContext


class GatewayContext(SessionContext, Protocol):
    """The parts of a worker that accept, serve and limit connections."""

    commands: CommandRegistry
    notification_feed: NotificationFeed
    admission: ConnectionAdmission
    address_limits: AddressLimits


def gateway_context(connection: HTTPConnection) -> GatewayContext:
    """The worker that serves this connection."""
    worker: GatewayContext = connection.app.state.worker
    return worker
