"""Settings: every `WASGO_CHAT_*` variable, its default and what it is for.

The table in README.md is generated from this class (`make docs`).
"""

import hashlib
import hmac
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from wasgo_chat.conversation_types import CONVERSATION_TYPES
from wasgo_chat.core.redis_target import validate_redis_url
from wasgo_chat.core.setting_types import (
    CommaSeparated,
    DatabaseUrl,
    LogLevels,
    Origins,
    ProxyNetworks,
    RetentionDays,
    SpaceSeparatedUrls,
)

DEVELOPMENT_SECRET = "wasgo-chat-public-development-key-do-not-deploy"  # noqa: S105  public on purpose
MINIMUM_SECRET_BYTES = 32
MINIMUM_RSA_BITS = 2048


class CannotStart(Exception):
    """The program cannot start. The message is one a person can act on."""

    exit_code = 2


class UnsafeSettings(CannotStart):
    """The settings do not allow a safe start. The message says which variable to set, and to what."""


class Settings(BaseSettings):
    """What a deployment can set. Sizes in bytes, times in seconds, lists separated by commas."""

    model_config = SettingsConfigDict(env_prefix="WASGO_CHAT_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: DatabaseUrl = Field(
        "",
        description="PostgreSQL 15 or newer: `postgresql://user:password@host/name`, and what libpq takes behind it, "
        "as `?sslmode=verify-full&sslrootcert=…`. Required.",
    )
    replica_urls: SpaceSeparatedUrls = Field(
        default_factory=list,
        description="URLs of standbys that may answer what is read, separated by blanks; empty: none.",
    )
    replica_max_lag_s: float = Field(
        2.0, gt=0, description="How far behind the database a standby may be; then the database answers."
    )
    redis_url: Annotated[str | None, AfterValidator(validate_redis_url)] = Field(
        None,
        description="Redis 7 or Valkey: `redis://host:6379/0`, `redis+cluster://host,host` or "
        "`redis+sentinel://host,host/0?service=name`. Required with more than one worker.",
    )
    jwt_secret: SecretStr | None = Field(
        None,
        description="HS256 key of the platform's tokens, at least 32 bytes. One of the three `JWT_` keys.",
    )
    jwt_public_key: str | None = Field(
        None, description="PEM public key of the platform's tokens (RS256, ES256 or EdDSA by its kind)."
    )
    jwks_url: str | None = Field(
        None, description="JWKS document of the platform's tokens; cached, refetched on an unknown `kid`."
    )
    jwt_audience: str = Field("wasgo-chat", description="`aud` of user tokens.")
    jwt_service_audience: str = Field("wasgo-chat-services", description="`aud` of service tokens.")
    jwt_issuer: str = Field("wasgo", description="`iss` of every token.")
    secret_key: SecretStr | None = Field(
        None,
        description="Key of cursors, hashes and signed links, 32 bytes or more; by default made from `JWT_SECRET`.",
    )
    cookie_name: str | None = Field(None, description="Cookie that may carry a socket's token; unset: none.")
    allowed_origins: Origins = Field(
        default_factory=list,
        description="Origins whose pages may open sockets and call the API, each as `https://app.example` or "
        "`http://localhost:3000`.",
    )
    user_conversation_types: CommaSeparated = Field(
        default_factory=lambda: [name for name, type_ in CONVERSATION_TYPES.items() if type_.is_created_by_users],
        description="Conversation types that users may create; services may create all.",
    )
    support_staff: CommaSeparated = Field(
        default_factory=list,
        description="User ids who take support cases, the least busy first; empty: every user marked as staff.",
    )
    database_pool_size: int = Field(
        10, ge=1, description="Database connections of a worker's doors; eighteen more send, look up and watch."
    )
    database_pool_timeout_s: float = Field(3.0, gt=0, description="Longest wait for a free connection; then 503.")
    statement_timeout_s: float = Field(10.0, gt=0, description="Longest run of one SQL statement.")
    lock_timeout_s: float = Field(3.0, gt=0, description="Longest wait for a row lock; then 503.")
    allow_unsafe_database: bool = Field(
        False, description="Serve although the database may forget what it has committed; for tests only."
    )
    max_content_chars: int = Field(10_000, ge=1, description="Characters of a message.")
    max_frame_bytes: int = Field(65_536, ge=1024, description="Bytes of a socket frame; more closes with 1009.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Bytes of a request body; more is 413.")
    max_metadata_bytes: int = Field(8_192, ge=2, description="Bytes of `metadata` or `settings` as JSON.")
    max_metadata_depth: int = Field(8, ge=1, description="Levels of `metadata` or `settings`.")
    max_participants: int = Field(500, ge=2, description="Participants of a conversation.")
    max_reactions_per_user: int = Field(20, ge=1, description="Different reactions of one user to one message.")
    max_batch_read: int = Field(500, ge=1, description="Messages that one `mark_multiple_read` names.")
    message_rate: int = Field(30, ge=0, description="Messages per window, user and conversation; 0: no limit.")
    message_rate_window_s: int = Field(10, ge=1, description="The window of `MESSAGE_RATE`.")
    max_waiting_sends: int = Field(
        5_000, ge=10, description="Messages that wait to be stored, a tenth of them of one conversation; more is 429."
    )
    rate_reads_per_minute: int = Field(1200, ge=0, description="GET requests of a user on a worker; 0: no limit.")
    rate_writes_per_minute: int = Field(
        300, ge=0, description="Other requests of a user, beside messages, uploads and tickets; 0: no limit."
    )
    rate_uploads_per_minute: int = Field(
        60, ge=0, description="Uploads of a user, beside files sent with messages; 0: no limit."
    )
    rate_tickets_per_minute: int = Field(60, ge=0, description="Socket tickets of a user; 0: no limit.")
    rate_frames_per_minute: int = Field(
        1200, ge=0, description="Socket frames of a user on a worker, beside messages; 0: no limit."
    )
    rate_address_per_minute: int = Field(
        6000, ge=0, description="Requests from one public address on a worker, services not counted; 0: no limit."
    )
    rate_failures_per_minute: int = Field(
        120, ge=0, description="Refused tokens from one public address on a worker before 429; 0: no limit."
    )
    trusted_proxies: ProxyNetworks = Field(
        default_factory=list,
        description="Addresses or networks of proxies whose `X-Forwarded-For` and `-Proto` are believed; empty: none.",
    )
    hsts_max_age_s: int = Field(
        0, ge=0, description="`max-age` of `Strict-Transport-Security`; 0: none. For a service that is on TLS for good."
    )
    max_sockets_per_user: int = Field(20, ge=1, description="Sockets that one user may have open on a worker.")
    max_opening_sockets: int = Field(
        500, ge=1, description="Sockets of a worker that wait for their `hello`; more are closed with 1013."
    )
    max_sockets_per_address: int = Field(
        500, ge=1, description="Sockets from one public address on a worker; with `TRUSTED_PROXIES`, from any."
    )
    max_subscriptions: int = Field(1000, ge=1, description="Conversations that one socket follows.")
    max_bad_frames: int = Field(
        10,
        ge=1,
        description="Malformed (or too fast) frames in a row before a socket is closed with 4400 (4429).",
    )
    heartbeat_s: float = Field(20.0, gt=0, description="Interval of WebSocket pings; twice that unanswered closes.")
    head_check_s: float = Field(1.0, gt=0, description="How often a worker compares its heads with the database.")
    replay_limit: int = Field(10_000, ge=1, description="Events that a reconnect replays; more gets `resync`.")
    outbox_bytes: int = Field(
        1_048_576, ge=65_536, description="Unsent bytes of a socket before it leaves the live stream."
    )
    slow_socket_s: float = Field(
        10.0, gt=0, description="How long a socket that is behind may read nothing before it is closed (4408)."
    )
    max_attachment_bytes: int = Field(26_214_400, ge=1, description="Bytes of an attachment; more is 413.")
    max_attachments: int = Field(10, ge=1, description="Attachments of a message.")
    max_image_pixels: int = Field(50_000_000, ge=1, description="Pixels of an image; more is 422.")
    storage_dir: Path = Field(
        Path(".data/attachments"),
        description="Folder of attachments, the same for every worker; with S3, where uploads lie on their way.",
    )
    s3_bucket: str | None = Field(None, description="Bucket for attachments in place of the folder.")
    s3_endpoint: str | None = Field(None, description="URL of an S3-compatible store; unset: AWS.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key_id: str | None = Field(None, description="Access key; unset: the environment's credentials.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")
    s3_redirect: bool = Field(
        True, description="Send browsers to the store for images, audio and video; off: all goes through the service."
    )
    attachment_url_ttl_s: int = Field(300, ge=1, description="Life of a download link; it may be twice that.")
    unclaimed_attachment_ttl_h: int = Field(24, ge=1, description="Life of an upload that no message claims.")
    sweep_s: float = Field(60.0, gt=0, description="How often a worker removes attachments that nobody holds.")
    clamd: str | None = Field(None, pattern=r"^.+:[0-9]+$", description="Virus scanner: `host:port`; unset: none.")
    clamd_timeout_s: float = Field(30.0, gt=0, description="Longest wait for the virus scanner; then 503.")
    erasure_settle_s: float = Field(
        60.0, ge=0, description="How long the id of an erased user stays in the log, so that what was under way ends."
    )
    audit_retention_days: int = Field(365, ge=0, description="Life of a row of the audit; 0: for ever.")
    retention_days: RetentionDays = Field(
        default_factory=dict,
        description="Life of messages by conversation type: `support=365,bid=730`; a type not named: for ever.",
    )
    notification_retention_days: int = Field(
        0, ge=0, description="Life of a notification, and of a delivery that is dead; 0: as long as their message."
    )
    purge_s: float = Field(600.0, gt=0, description="How often a worker looks for what is past its retention.")
    ticket_ttl_s: int = Field(30, ge=1, description="Life of a socket ticket.")
    idempotency_ttl_h: int = Field(24, ge=1, description="Life of an `Idempotency-Key`.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Where e-mail goes: `smtp://user:password@host:587` (STARTTLS where offered) or `smtps://…:465`.",
    )
    mail_from: str = Field("", description="Sender of e-mail: `Chat <chat@example.org>`. Required with `SMTP_URL`.")
    public_url: str = Field(
        "", description="This service as users reach it, e.g. `https://chat.example.org`. Required with `SMTP_URL`."
    )
    conversation_url: str | None = Field(
        None, description="A conversation in your app, for links: `https://app.example/chat/{conversation_id}`."
    )
    vapid_private_key: SecretStr | None = Field(
        None, description="Key of web push: P-256, as PEM or the 32 bytes in base64url. Unset: no web push."
    )
    vapid_subject: str = Field(
        "", description="Contact for push services: `mailto:…` or `https://…`. Required with `VAPID_PRIVATE_KEY`."
    )
    push_to_private_addresses: bool = Field(
        False, description="Push also over plain HTTP and to private addresses; for development only."
    )
    notify_webhook_url: str | None = Field(
        None, description="The platform's own notifier; gets signed webhooks (Standard Webhooks)."
    )
    notify_webhook_secret: SecretStr | None = Field(
        None, description="Its key: `whsec_` and 24 to 64 bytes in base64. Required with `NOTIFY_WEBHOOK_URL`."
    )
    notify_delay_s: float = Field(
        30.0, ge=0, description="How long messages are gathered before one mail, push or webhook goes out."
    )
    notify_include_text: bool = Field(False, description="Put the text of messages into e-mail, push and webhooks.")
    notify_max_attempts: int = Field(10, ge=1, description="Attempts of a mail, push or webhook before it is dead.")
    notify_retry_s: float = Field(
        10.0, ge=0, description="Longest wait before the second attempt; doubles each time, up to an hour."
    )
    drain_delay_s: float = Field(
        0.0,
        ge=0,
        description="How long, after SIGTERM, `/readyz` says `draining` before no more connections are taken.",
    )
    restart_spread_s: float = Field(
        5.0,
        ge=0,
        description="Sockets closed by a restart (1012) are told to come back within this time, each at its own.",
    )
    shutdown_s: int = Field(10, ge=1, description="From SIGTERM to the end: the delay, sockets and open requests.")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token that `/metrics` asks for; unset: only loopback and private addresses may read it.",
    )
    otlp_endpoint: str | None = Field(
        None, pattern=r"^https?://", description="OpenTelemetry collector that takes OTLP by HTTP; unset: no traces."
    )
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of traces that are kept, with `OTLP_ENDPOINT`.")
    attachments: bool = Field(True, description="Files in messages. Off: their routes answer 403 `feature_off`.")
    notifications: bool = Field(True, description="Notifications and their delivery. Off: as `ATTACHMENTS`.")
    presence: bool = Field(True, description="Who is online. Off: as `ATTACHMENTS`, and every user counts as offline.")
    support: bool = Field(True, description="Support conversations. Off: as `ATTACHMENTS`.")
    integrations: bool = Field(True, description="Routes that services call to provision data. Off: as `ATTACHMENTS`.")
    web: bool = Field(
        False, description="Serve the pages: the reference frontend at `/`, the operator's page at `/operator`."
    )
    log_level: str = Field(
        "INFO", pattern=r"^(?i:DEBUG|INFO|WARNING|ERROR)$", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )
    log_levels: LogLevels = Field(
        "", description="Others for parts of it: `wasgo_chat.gateway=DEBUG,wasgo_chat.messages=WARNING`."
    )
    log_levels_file: Path | None = Field(
        None, description="File with more of these, a line each; SIGUSR2 has it read again while the service runs."
    )

    def hash_key(self) -> bytes:
        """The key of cursors and request hashes: 32 bytes, the same on every worker.

        Raises:
            UnsafeSettings: neither `SECRET_KEY` nor `JWT_SECRET` is set.
        """
        secret = self.secret_key or self.jwt_secret
        if secret is None:
            raise UnsafeSettings(
                "WASGO_CHAT_SECRET_KEY is not set: set it to 32 random bytes, the same for every worker "
                "(it is derived only where WASGO_CHAT_JWT_SECRET is used)."
            )
        return hmac.digest(secret.get_secret_value().encode(), b"wasgo-chat hash key", hashlib.sha256)

    def require_database(self) -> str:
        """The database's URL.

        Raises:
            UnsafeSettings: none is set.
        """
        if not self.database_url:
            raise UnsafeSettings("WASGO_CHAT_DATABASE_URL is not set: set it to postgresql://user:password@host/name.")
        return self.database_url

    def check_safe_to_serve(self, *, workers: int) -> Self:
        """Refuse what must not go to production.

        Raises:
            UnsafeSettings: a setting is missing or unsafe; the message says what to set.
        """
        self.require_database()
        keys = {
            "JWT_SECRET": self.jwt_secret,
            "JWT_PUBLIC_KEY": self.jwt_public_key,
            "JWKS_URL": self.jwks_url,
        }
        named = [f"WASGO_CHAT_{name}" for name, value in keys.items() if value]
        if len(named) != 1:
            found = " and ".join(named) or "none of them"
            raise UnsafeSettings(
                "Set exactly one of WASGO_CHAT_JWT_SECRET, WASGO_CHAT_JWT_PUBLIC_KEY and WASGO_CHAT_JWKS_URL, "
                f"so that one family of algorithms is accepted ({found} set now)."
            )
        for name, secret in (("JWT_SECRET", self.jwt_secret), ("SECRET_KEY", self.secret_key)):
            if secret is not None and secret.get_secret_value() == DEVELOPMENT_SECRET:
                raise UnsafeSettings(
                    f"WASGO_CHAT_{name} is the public development key: set a secret of your own, "
                    'e.g. from python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
                )
        self.check_secrets()
        if workers > 1 and not self.redis_url:
            raise UnsafeSettings(
                f"WASGO_CHAT_REDIS_URL is not set, and {workers} workers deliver to each other through Redis: "
                "set it to redis://host:6379/0, or start one worker."
            )
        if self.drain_delay_s >= self.shutdown_s:
            raise UnsafeSettings(
                f"WASGO_CHAT_DRAIN_DELAY_S ({self.drain_delay_s:g}) leaves nothing of WASGO_CHAT_SHUTDOWN_S "
                f"({self.shutdown_s}) for open requests: set a shorter delay, or a longer shutdown."
            )
        self.hash_key()
        return self

    def check_secrets(self) -> None:
        """Refuse keys that nobody is to take.

        Raises:
            UnsafeSettings: one is too short.
        """
        for name, secret in (("JWT_SECRET", self.jwt_secret), ("SECRET_KEY", self.secret_key)):
            if secret is not None and len(secret.get_secret_value().encode()) < MINIMUM_SECRET_BYTES:
                raise UnsafeSettings(
                    f"WASGO_CHAT_{name} is shorter than {MINIMUM_SECRET_BYTES} bytes: set a longer one, "
                    'e.g. from python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
                )


def settings_table() -> str:
    """The settings as a Markdown table, in the order of the class."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = ",".join(default) if isinstance(default, (list, dict)) else default
        cell = "" if shown in (None, "") else f"`{shown}`"
        rows.append(f"| `WASGO_CHAT_{name.upper()}` | {cell} | {field.description} |")
    return "\n".join(rows)
