from typing import Literal

PreferencesLevel = Literal["all", "mentions", "none"]

PREFERENCES_LEVEL_VALUES: set[PreferencesLevel] = {
    "all",
    "mentions",
    "none",
}


def check_preferences_level(value: str) -> PreferencesLevel:
    if value in PREFERENCES_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_LEVEL_VALUES!r}")
