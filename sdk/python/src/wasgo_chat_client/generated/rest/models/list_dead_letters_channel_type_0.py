from typing import Literal, cast

ListDeadLettersChannelType0 = Literal["email", "push", "webhook"]

LIST_DEAD_LETTERS_CHANNEL_TYPE_0_VALUES: set[ListDeadLettersChannelType0] = {
    "email",
    "push",
    "webhook",
}


def check_list_dead_letters_channel_type_0(value: str) -> ListDeadLettersChannelType0:
    return cast(ListDeadLettersChannelType0, value)  # a newer service may have more values
