from typing import Literal

ListDeadLettersChannelType0 = Literal["email", "push", "webhook"]

LIST_DEAD_LETTERS_CHANNEL_TYPE_0_VALUES: set[ListDeadLettersChannelType0] = {
    "email",
    "push",
    "webhook",
}


def check_list_dead_letters_channel_type_0(value: str) -> ListDeadLettersChannelType0:
    if value in LIST_DEAD_LETTERS_CHANNEL_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_DEAD_LETTERS_CHANNEL_TYPE_0_VALUES!r}")
