from typing import Literal

UpdateParticipantRole = Literal["admin", "moderator", "observer", "participant"]

UPDATE_PARTICIPANT_ROLE_VALUES: set[UpdateParticipantRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_update_participant_role(value: str) -> UpdateParticipantRole:
    if value in UPDATE_PARTICIPANT_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {UPDATE_PARTICIPANT_ROLE_VALUES!r}")
