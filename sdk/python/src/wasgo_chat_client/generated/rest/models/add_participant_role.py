from typing import Literal

AddParticipantRole = Literal["admin", "moderator", "observer", "participant"]

ADD_PARTICIPANT_ROLE_VALUES: set[AddParticipantRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_add_participant_role(value: str) -> AddParticipantRole:
    if value in ADD_PARTICIPANT_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ADD_PARTICIPANT_ROLE_VALUES!r}")
