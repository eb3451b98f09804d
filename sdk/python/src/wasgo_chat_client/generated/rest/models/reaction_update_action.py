from typing import Literal

ReactionUpdateAction = Literal["added", "removed"]

REACTION_UPDATE_ACTION_VALUES: set[ReactionUpdateAction] = {
    "added",
    "removed",
}


def check_reaction_update_action(value: str) -> ReactionUpdateAction:
    if value in REACTION_UPDATE_ACTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REACTION_UPDATE_ACTION_VALUES!r}")
