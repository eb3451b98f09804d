"""What connections need from the worker that serves them. `Worker` satisfies it structurally."""

from typing import Protocol

from starlette.requests import HTTPConnection

from wasgo_chat.gateway.admission import AddressLimits, ConnectionAdmission
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.gateway.notification_feed import NotificationFeed
from wasgo_chat.gateway.publisher import Publisher
from wasgo_chat.messages.context import MessagesContext


class GatewayContext(MessagesContext, Protocol):
    """The parts of a worker that accept, serve and limit connections."""

    hub: Hub
    publisher: Publisher
    notification_feed: NotificationFeed
    admission: ConnectionAdmission
    address_limits: AddressLimits


def gateway_context(connection: HTTPConnection) -> GatewayContext:
    """The worker that serves this connection."""
    worker: GatewayContext = connection.app.state.worker
    return worker
