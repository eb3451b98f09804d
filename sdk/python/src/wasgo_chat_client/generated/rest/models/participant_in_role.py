from typing import Literal

ParticipantInRole = Literal["admin", "moderator", "observer", "participant"]

PARTICIPANT_IN_ROLE_VALUES: set[ParticipantInRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_participant_in_role(value: str) -> ParticipantInRole:
    if value in PARTICIPANT_IN_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PARTICIPANT_IN_ROLE_VALUES!r}")
