from typing import Literal, cast

AddParticipantRole = Literal["admin", "moderator", "observer", "participant"]

ADD_PARTICIPANT_ROLE_VALUES: set[AddParticipantRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_add_participant_role(value: str) -> AddParticipantRole:
    return cast(AddParticipantRole, value)  # a newer service may have more values
