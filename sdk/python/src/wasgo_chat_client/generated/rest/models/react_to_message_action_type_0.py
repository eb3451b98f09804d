from typing import Literal

ReactToMessageActionType0 = Literal["add", "remove"]

REACT_TO_MESSAGE_ACTION_TYPE_0_VALUES: set[ReactToMessageActionType0] = {
    "add",
    "remove",
}


def check_react_to_message_action_type_0(value: str) -> ReactToMessageActionType0:
    if value in REACT_TO_MESSAGE_ACTION_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REACT_TO_MESSAGE_ACTION_TYPE_0_VALUES!r}")
