from typing import Literal, cast

ReactionUpdateAction = Literal["added", "removed"]

REACTION_UPDATE_ACTION_VALUES: set[ReactionUpdateAction] = {
    "added",
    "removed",
}


def check_reaction_update_action(value: str) -> ReactionUpdateAction:
    return cast(ReactionUpdateAction, value)  # a newer service may have more values
