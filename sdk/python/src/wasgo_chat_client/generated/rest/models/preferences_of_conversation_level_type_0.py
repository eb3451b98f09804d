from typing import Literal, cast

PreferencesOfConversationLevelType0 = Literal["all", "mentions", "none"]

PREFERENCES_OF_CONVERSATION_LEVEL_TYPE_0_VALUES: set[PreferencesOfConversationLevelType0] = {
    "all",
    "mentions",
    "none",
}


def check_preferences_of_conversation_level_type_0(value: str) -> PreferencesOfConversationLevelType0:
    return cast(PreferencesOfConversationLevelType0, value)  # a newer service may have more values
