"""wasgo-chat: the chat service of a marketplace."""

import sys

# Libraries import these if they are installed. Each entry blocks an import, which saves time and memory.
# - redis-py: metrics, which are off; a third of its import time. `observability/otel.py` removes the entry.
# - FastAPI: models of Pydantic 1, and e-mail addresses as fields. The service has neither.
for _name in ("opentelemetry.sdk.metrics", "pydantic.v1", "email_validator"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # None blocks an import
