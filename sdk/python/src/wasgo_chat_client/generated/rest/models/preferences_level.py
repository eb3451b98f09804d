from typing import Literal, cast

PreferencesLevel = Literal["all", "mentions", "none"]

PREFERENCES_LEVEL_VALUES: set[PreferencesLevel] = {
    "all",
    "mentions",
    "none",
}


def check_preferences_level(value: str) -> PreferencesLevel:
    return cast(PreferencesLevel, value)  # a newer service may have more values
