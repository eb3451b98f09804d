from typing import Literal, cast

UpdateParticipantRole = Literal["admin", "moderator", "observer", "participant"]

UPDATE_PARTICIPANT_ROLE_VALUES: set[UpdateParticipantRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_update_participant_role(value: str) -> UpdateParticipantRole:
    return cast(UpdateParticipantRole, value)  # a newer service may have more values
