from typing import Literal, cast

ProvisionedParticipantRole = Literal["admin", "moderator", "observer", "participant"]

PROVISIONED_PARTICIPANT_ROLE_VALUES: set[ProvisionedParticipantRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_provisioned_participant_role(value: str) -> ProvisionedParticipantRole:
    return cast(ProvisionedParticipantRole, value)  # a newer service may have more values
