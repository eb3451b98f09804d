"""The spans of telling, where traces are on: delivery on this worker, and what is published for the others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.telemetry.tracing import Tracing

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


def deliver(
    active: Tracing, hub: Hub, conversation_id: UUID, frames: Sequence[EventFrame], where: "SpanContext | None"
) -> None:
    """Hand events to the hub: the span ends with the last write to a socket, and says how many there were."""
    channel = hub.channels.get(conversation_id)
    sockets = 0 if channel is None else sum(one.live for one in channel.subscriptions)
    with active.span("deliver", "consumer", parent=where, sockets=sockets, events=len(frames)):
        hub.publish_local(conversation_id, frames)


def publish(active: Tracing, where: "SpanContext | None", frames: Sequence[EventFrame]) -> str:
    """From here the others go on; as it travels in the envelope."""
    span = active.start_span("publish", "producer", parent=where, events=len(frames))
    span.end()
    return active.inject(span)
