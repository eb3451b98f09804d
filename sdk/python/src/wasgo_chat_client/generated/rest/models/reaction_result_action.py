from typing import Literal

ReactionResultAction = Literal["added", "removed"]

REACTION_RESULT_ACTION_VALUES: set[ReactionResultAction] = {
    "added",
    "removed",
}


def check_reaction_result_action(value: str) -> ReactionResultAction:
    if value in REACTION_RESULT_ACTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REACTION_RESULT_ACTION_VALUES!r}")
