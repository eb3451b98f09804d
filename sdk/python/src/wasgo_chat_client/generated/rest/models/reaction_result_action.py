from typing import Literal, cast

ReactionResultAction = Literal["added", "removed"]

REACTION_RESULT_ACTION_VALUES: set[ReactionResultAction] = {
    "added",
    "removed",
}


def check_reaction_result_action(value: str) -> ReactionResultAction:
    return cast(ReactionResultAction, value)  # a newer service may have more values
