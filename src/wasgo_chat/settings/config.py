"""All settings of a deployment: the `WASGO_CHAT_*` environment variables.

The settings are declared by subject in the modules next to this one, each with its default and description. The tables
in README.md are generated from them (`make docs`).
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Self, get_args

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from wasgo_chat.core import postgres_dsn
from wasgo_chat.settings.access import AccessSettings
from wasgo_chat.settings.attachments import AttachmentSettings
from wasgo_chat.settings.connections import ConnectionSettings
from wasgo_chat.settings.environment import PREFIX, secret_files, unknown_variables
from wasgo_chat.settings.features import FeatureSettings
from wasgo_chat.settings.limits import LimitSettings
from wasgo_chat.settings.notifications import NotificationSettings
from wasgo_chat.settings.operation import OperationSettings
from wasgo_chat.settings.retention import RetentionSettings
from wasgo_chat.settings.sockets import SocketSettings

DEVELOPMENT_SECRET = "wasgo-chat-public-development-key-do-not-deploy"  # noqa: S105  public on purpose
MINIMUM_SECRET_BYTES = 32
MINIMUM_RSA_BITS = 2048


class CannotStart(Exception):
    """The program cannot start. The message tells the operator what to do."""

    exit_code = 2


class UnsafeSettings(CannotStart):
    """A setting is missing or unsafe. The message names the variable and a valid value."""


class Settings(
    ConnectionSettings,
    AccessSettings,
    FeatureSettings,
    LimitSettings,
    SocketSettings,
    AttachmentSettings,
    NotificationSettings,
    RetentionSettings,
    OperationSettings,
    BaseSettings,
):
    """The settings of a deployment. Sizes are in bytes, times in seconds; lists are comma-separated."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """The environment, and the files that its `…_FILE` variables name."""
        return init_settings, env_settings, secret_files(settings_cls, SECRET_SETTINGS, env_settings)

    def hash_key(self) -> bytes:
        """The key for cursors and request hashes: 32 bytes, identical on all workers.

        Raises:
            UnsafeSettings: neither `SECRET_KEY` nor `JWT_SECRET` is set.
        """
        secret = self.secret_key or self.jwt_secret
        if secret is None:
            raise UnsafeSettings(
                "WASGO_CHAT_SECRET_KEY is not set: set it to 32 random bytes, the same for all workers "
                "(it is only optional with WASGO_CHAT_JWT_SECRET)."
            )
        return hmac.digest(secret.get_secret_value().encode(), b"wasgo-chat hash key", hashlib.sha256)

    def require_database(self) -> str:
        """The URL of the database.

        Raises:
            UnsafeSettings: it is not set.
        """
        if not self.database_url:
            raise UnsafeSettings("WASGO_CHAT_DATABASE_URL is not set: set it to postgresql://user:password@host/name.")
        return self.database_url

    def require_session_database(self) -> str:
        """The URL of the database for what needs a session of its own, such as migrations: never a pooler.

        Raises:
            UnsafeSettings: it is not set.
        """
        if self.database_pooler and not self.database_direct_url:
            raise UnsafeSettings(
                "WASGO_CHAT_DATABASE_POOLER requires WASGO_CHAT_DATABASE_DIRECT_URL, because migrations and purges "
                "hold locks of a session: set it to the URL of the database without the pooler."
            )
        return self.database_direct_url or self.require_database()

    def without_pooler(self) -> Self:
        """The same settings with a database URL for sessions. Raises: as `require_session_database`."""
        return self.model_copy(update={"database_url": self.require_session_database(), "database_pooler": False})

    def check_safe_to_serve(self, *, workers: int) -> Self:
        """Reject settings that are not safe in production.

        Raises:
            UnsafeSettings: a setting is missing or unsafe.
        """
        self.require_database()
        self.require_session_database()
        if self.database_pooler and postgres_dsn.session_options(self.database_url):
            raise UnsafeSettings(
                "WASGO_CHAT_DATABASE_URL has `options`, which a pooler in transaction mode does not keep: set them on "
                "the role, for example ALTER ROLE chat SET search_path = chat."
            )
        keys = {
            "JWT_SECRET": self.jwt_secret,
            "JWT_PUBLIC_KEY": self.jwt_public_key,
            "JWKS_URL": self.jwks_url,
        }
        named = [f"WASGO_CHAT_{name}" for name, value in keys.items() if value]
        if len(named) != 1:
            current = " and ".join(named) or "none"
            raise UnsafeSettings(
                "Set exactly one of WASGO_CHAT_JWT_SECRET, WASGO_CHAT_JWT_PUBLIC_KEY and WASGO_CHAT_JWKS_URL, "
                f"so that a single family of algorithms is accepted (currently set: {current})."
            )
        for name, secret in (("JWT_SECRET", self.jwt_secret), ("SECRET_KEY", self.secret_key)):
            if secret is not None and secret.get_secret_value() == DEVELOPMENT_SECRET:
                raise UnsafeSettings(
                    f"WASGO_CHAT_{name} is the public development key: set your own secret, "
                    'for example from python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
                )
        self.check_secrets()
        if workers > 1 and not self.redis_url:
            raise UnsafeSettings(
                f"WASGO_CHAT_REDIS_URL is not set, but {workers} workers require Redis to reach each other: "
                "set it to redis://host:6379/0, or start a single worker."
            )
        if self.drain_delay_s >= self.shutdown_s:
            raise UnsafeSettings(
                f"WASGO_CHAT_DRAIN_DELAY_S ({self.drain_delay_s:g}) must be shorter than WASGO_CHAT_SHUTDOWN_S "
                f"({self.shutdown_s}), to leave time for open requests."
            )
        self.hash_key()
        return self

    def check_secrets(self) -> None:
        """Reject keys that are too short.

        Raises:
            UnsafeSettings: a key is too short.
        """
        for name, secret in (("JWT_SECRET", self.jwt_secret), ("SECRET_KEY", self.secret_key)):
            if secret is not None and len(secret.get_secret_value().encode()) < MINIMUM_SECRET_BYTES:
                raise UnsafeSettings(
                    f"WASGO_CHAT_{name} is shorter than {MINIMUM_SECRET_BYTES} bytes: set a longer one, "
                    'for example from python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
                )


_WITH_CREDENTIALS = frozenset(
    ["database_url", "database_direct_url", "replica_urls", "redis_url", "jwt_public_key", "s3_access_key_id"]
)
SECRET_SETTINGS = frozenset(
    name
    for name, field in Settings.model_fields.items()
    if name in _WITH_CREDENTIALS or SecretStr in (field.annotation, *get_args(field.annotation))
)
"""The settings that a file can provide: `WASGO_CHAT_…_FILE`."""


def unknown_settings(environment: Iterable[str]) -> dict[str, str | None]:
    """The `WASGO_CHAT_*` variables that are no setting, each with the setting that it may be a typing error of."""
    return unknown_variables(environment, Settings.model_fields, SECRET_SETTINGS)


SETTING_GROUPS: tuple[type[BaseModel], ...] = Settings.__bases__[:-1]
"""The declarations of the settings by subject, in the order of the tables."""


def settings_table() -> str:
    """The settings as Markdown tables, one for each group."""
    return "\n\n".join(_group_table(group) for group in SETTING_GROUPS)


def _group_table(group: type[BaseModel]) -> str:
    rows = [f"### {group.heading}", "", "| variable | default | description |", "| --- | --- | --- |"]  # type: ignore[attr-defined]  # each group has one
    for name, field in group.model_fields.items():
        default = field.get_default(call_default_factory=True)
        value = ",".join(default) if isinstance(default, (list, dict)) else default
        cell = "" if value in (None, "") else f"`{value}`"
        rows.append(f"| `WASGO_CHAT_{name.upper()}` | {cell} | {field.description} |")
    return "\n".join(rows)
