"""The spans of a publication, if tracing is on: the delivery on this worker, and what is published for the others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.telemetry import tracing

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


def deliver(hub: Hub, conversation_id: UUID, frames: Sequence[EventFrame], parent: "SpanContext | None") -> None:
    """Deliver events on this worker. Their span ends with the last write, and has the number of subscriptions."""
    if tracing.tracer is None:
        hub.publish_local(conversation_id, frames)
        return
    channel = hub.channels.get(conversation_id)
    sockets = 0 if channel is None else sum(subscription.live for subscription in channel.subscriptions)
    with tracing.tracer.span("deliver", "consumer", parent=parent, sockets=sockets, events=len(frames)):
        hub.publish_local(conversation_id, frames)


def trace_publication(parent: "SpanContext | None", frames: Sequence[EventFrame]) -> str:
    """The trace context that an envelope carries to the other workers; empty if tracing is off."""
    if tracing.tracer is None:
        return ""
    span = tracing.tracer.start_span("publish", "producer", parent=parent, events=len(frames))
    span.end()
    return tracing.tracer.inject(span)
