from typing import Literal, cast

ReadinessStatus = Literal["draining", "not_ready", "ready"]

READINESS_STATUS_VALUES: set[ReadinessStatus] = {
    "draining",
    "not_ready",
    "ready",
}


def check_readiness_status(value: str) -> ReadinessStatus:
    return cast(ReadinessStatus, value)  # a newer service may have more values
