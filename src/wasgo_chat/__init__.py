"""wasgo-chat: the chat of a marketplace, as a service of its own."""

import sys

# The client of Redis loads all of this where it is installed, for metrics that are off: a third of what it takes to
# load. `observability/otel.py` takes the bar away.
sys.modules.setdefault("opentelemetry.sdk.metrics", None)  # type: ignore[arg-type]  # bars an import, see importlib
