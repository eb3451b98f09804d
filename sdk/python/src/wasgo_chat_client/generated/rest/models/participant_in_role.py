from typing import Literal, cast

ParticipantInRole = Literal["admin", "moderator", "observer", "participant"]

PARTICIPANT_IN_ROLE_VALUES: set[ParticipantInRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_participant_in_role(value: str) -> ParticipantInRole:
    return cast(ParticipantInRole, value)  # a newer service may have more values
