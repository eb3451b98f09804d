from typing import Literal, cast

ParticipantOutRole = Literal["admin", "moderator", "observer", "participant"]

PARTICIPANT_OUT_ROLE_VALUES: set[ParticipantOutRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_participant_out_role(value: str) -> ParticipantOutRole:
    return cast(ParticipantOutRole, value)  # a newer service may have more values
