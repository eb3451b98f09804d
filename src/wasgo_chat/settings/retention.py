"""Settings: how long data is kept."""

from typing import ClassVar

from pydantic import BaseModel, Field

from wasgo_chat.settings.types import RetentionDays


class RetentionSettings(BaseModel):
    """How long data is kept."""

    heading: ClassVar[str] = "Retention and erasure"

    retention_days: RetentionDays = Field(
        default_factory=dict,
        description="Retention of messages by conversation type: `support=365,bid=730`. Types not listed are kept "
        "indefinitely.",
    )
    notification_retention_days: int = Field(
        0, ge=0, description="Retention of notifications and dead deliveries. 0: as long as their message."
    )
    audit_retention_days: int = Field(365, ge=0, description="Retention of audit log entries. 0: unlimited.")
    feed_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="How many days events are kept in the global feed. A consumer that was stopped for longer reads "
        "all logs again, or skips what it missed if it handles new events only.",
    )
    purge_s: float = Field(600.0, gt=0, description="How often a worker looks for data past its retention.")
    erasure_settle_s: float = Field(
        60.0,
        ge=0,
        description="How long the id of an erased user stays in the log, so that operations in progress can finish.",
    )
