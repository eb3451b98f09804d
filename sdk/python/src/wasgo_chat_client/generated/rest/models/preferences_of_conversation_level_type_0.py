from typing import Literal

PreferencesOfConversationLevelType0 = Literal["all", "mentions", "none"]

PREFERENCES_OF_CONVERSATION_LEVEL_TYPE_0_VALUES: set[PreferencesOfConversationLevelType0] = {
    "all",
    "mentions",
    "none",
}


def check_preferences_of_conversation_level_type_0(value: str) -> PreferencesOfConversationLevelType0:
    if value in PREFERENCES_OF_CONVERSATION_LEVEL_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_OF_CONVERSATION_LEVEL_TYPE_0_VALUES!r}")
