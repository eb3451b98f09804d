from typing import Literal, cast

ReactToMessageActionType0 = Literal["add", "remove"]

REACT_TO_MESSAGE_ACTION_TYPE_0_VALUES: set[ReactToMessageActionType0] = {
    "add",
    "remove",
}


def check_react_to_message_action_type_0(value: str) -> ReactToMessageActionType0:
    return cast(ReactToMessageActionType0, value)  # a newer service may have more values
