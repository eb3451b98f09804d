"""wasgo-chat: the chat service of a marketplace."""

import sys

# If OpenTelemetry is installed, redis-py imports it for metrics that are off, a third of its import time. This entry
# blocks the import; `observability/otel.py` removes it.
sys.modules.setdefault("opentelemetry.sdk.metrics", None)  # type: ignore[arg-type]  # None blocks an import
