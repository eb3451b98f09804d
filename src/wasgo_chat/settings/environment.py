"""The environment variables of the settings: secrets in files, and names that are no setting.

A setting with credentials can be given in a file, as orchestrators mount secrets: `WASGO_CHAT_JWT_SECRET_FILE` names a
file with the value of `WASGO_CHAT_JWT_SECRET`.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

PREFIX = "WASGO_CHAT_"
_SUFFIX = "_FILE"
# Kubernetes sets these for a service named `wasgo-chat`, unless `enableServiceLinks` is false.
_OF_KUBERNETES = re.compile(r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")


class SecretFileError(ValueError):
    """A file with the value of a setting cannot be used. The message names the variable."""


class SecretFiles(PydanticBaseSettingsSource):
    """Values from the files that `WASGO_CHAT_…_FILE` name.

    Args:
        settings: the class of the settings.
        names: the settings that files may provide.
        environment: the environment variables, by name in lower case.
    """

    def __init__(
        self, settings: type[BaseSettings], names: Collection[str], environment: Mapping[str, str | None]
    ) -> None:
        super().__init__(settings)
        self._names = names
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of a setting, its name, and False, because no value is JSON."""
        variable = f"{PREFIX}{field_name.upper()}"
        path = self._environment.get(f"{variable}{_SUFFIX}".lower()) if field_name in self._names else None
        if not path:
            return None, field_name, False
        if self._environment.get(variable.lower()):
            raise SecretFileError(f"Set either {variable} or {variable}{_SUFFIX}, not both.")
        try:
            value = Path(path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise SecretFileError(f"{variable}{_SUFFIX} names {path}, which cannot be read: {reason}.") from error
        if not value.strip():
            raise SecretFileError(f"{variable}{_SUFFIX} names {path}, which is empty.")
        return value.rstrip("\r\n"), field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def secret_files(
    settings: type[BaseSettings], names: Collection[str], source: PydanticBaseSettingsSource
) -> SecretFiles:
    """The source of files for the same environment as `source`."""
    assert isinstance(source, EnvSettingsSource)  # noqa: S101  pydantic-settings passes it
    return SecretFiles(settings, names, source.env_vars)


def unknown_variables(
    environment: Iterable[str], settings: Collection[str], secrets: Collection[str]
) -> dict[str, str | None]:
    """The `WASGO_CHAT_*` variables that are no setting, each with the most similar one if there is any.

    Args:
        environment: names of environment variables.
        settings: names of the settings, in lower case.
        secrets: those that files may provide.
    """
    known = {name.upper() for name in settings} | {f"{name.upper()}{_SUFFIX}" for name in secrets}
    unknown: dict[str, str | None] = {}
    for variable in sorted(environment):
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known and not _OF_KUBERNETES.fullmatch(name):
            similar = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            unknown[variable] = f"{PREFIX}{similar[0]}" if similar else None
    return unknown
