from typing import Literal

ProvisionedParticipantRole = Literal["admin", "moderator", "observer", "participant"]

PROVISIONED_PARTICIPANT_ROLE_VALUES: set[ProvisionedParticipantRole] = {
    "admin",
    "moderator",
    "observer",
    "participant",
}


def check_provisioned_participant_role(value: str) -> ProvisionedParticipantRole:
    if value in PROVISIONED_PARTICIPANT_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PROVISIONED_PARTICIPANT_ROLE_VALUES!r}")
