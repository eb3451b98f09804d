from typing import Literal

ParticipantOutRole = Literal["admin", "moderator", "observer", "participant"]

PARTICIPANT_OUT_ROLE_VALUES: set[ParticipantOutRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_participant_out_role(value: str) -> ParticipantOutRole:
    if value in PARTICIPANT_OUT_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PARTICIPANT_OUT_ROLE_VALUES!r}")
