"""Settings: all `WASGO_CHAT_*` environment variables with their defaults and descriptions.

The table in README.md is generated from this class (`make docs`).
"""

import hashlib
import hmac
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from wasgo_chat.conversation_types import CONVERSATION_TYPES
from wasgo_chat.core.encoding import MAX_LIST_ITEMS, MAX_TEXT_CHARS
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
    """The program cannot start. The message tells the operator what to do."""

    exit_code = 2


class UnsafeSettings(CannotStart):
    """A setting is missing or unsafe. The message names the variable and a valid value."""


class Settings(BaseSettings):
    """The settings of a deployment. Sizes are in bytes, times in seconds; lists are comma-separated."""

    model_config = SettingsConfigDict(env_prefix="WASGO_CHAT_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: DatabaseUrl = Field(
        "",
        description="PostgreSQL 15 or newer: `postgresql://user:password@host/name`, with libpq parameters such "
        "as `?sslmode=verify-full&sslrootcert=…`. Required.",
    )
    replica_urls: SpaceSeparatedUrls = Field(
        default_factory=list,
        description="Space-separated URLs of read replicas. Empty disables replica reads.",
    )
    replica_max_lag_s: float = Field(
        2.0,
        gt=0,
        description="Maximum replication lag of a replica that serves reads. Beyond it, the primary serves them.",
    )
    redis_url: Annotated[str | None, AfterValidator(validate_redis_url)] = Field(
        None,
        description="Redis 7 or Valkey: `redis://host:6379/0`, `redis+cluster://host,host` or "
        "`redis+sentinel://host,host/0?service=name`. Required with more than one worker.",
    )
    jwt_secret: SecretStr | None = Field(
        None,
        description="HS256 key of the platform's tokens, at least 32 bytes. Set exactly one of the three token keys.",
    )
    jwt_public_key: str | None = Field(
        None, description="PEM public key of the platform's tokens. Its type selects RS256, ES256 or EdDSA."
    )
    jwks_url: str | None = Field(
        None,
        description="URL of the JWKS document with the keys of the platform's tokens. Cached; refetched for an "
        "unknown `kid`.",
    )
    jwt_audience: str = Field("wasgo-chat", description="`aud` claim of user tokens.")
    jwt_service_audience: str = Field("wasgo-chat-services", description="`aud` claim of service tokens.")
    jwt_issuer: str = Field("wasgo", description="`iss` claim of all tokens.")
    secret_key: SecretStr | None = Field(
        None,
        description="Key for cursors, hashes and signed links, at least 32 bytes. Derived from `JWT_SECRET` by "
        "default.",
    )
    cookie_name: str | None = Field(
        None, description="Cookie that sockets accept a token from. Unset: no cookie is accepted."
    )
    allowed_origins: Origins = Field(
        default_factory=list,
        description="Origins whose pages may open sockets and call the API, each as `https://app.example` or "
        "`http://localhost:3000`.",
    )
    user_conversation_types: CommaSeparated = Field(
        default_factory=lambda: [name for name, type_ in CONVERSATION_TYPES.items() if type_.is_created_by_users],
        description="Conversation types that users may create. Services may create all types.",
    )
    support_staff: CommaSeparated = Field(
        default_factory=list,
        description="User ids that support cases are assigned to, least busy first. Empty: all staff users.",
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        description="Size of a worker's request pool. Each worker opens 18 more connections for sending, lookups "
        "and background tasks.",
    )
    database_pool_timeout_s: float = Field(
        3.0, gt=0, description="Maximum wait for a free connection before the request fails with 503."
    )
    statement_timeout_s: float = Field(10.0, gt=0, description="Maximum run time of an SQL statement.")
    lock_timeout_s: float = Field(
        3.0, gt=0, description="Maximum wait for a row lock before the request fails with 503."
    )
    allow_unsafe_database: bool = Field(
        False,
        description="Start even if the database can lose committed data (`fsync` or `synchronous_commit` off). "
        "Tests only.",
    )
    max_content_chars: int = Field(
        10_000, ge=1, le=MAX_TEXT_CHARS, description="Maximum characters of a message, at most 100,000."
    )
    max_frame_bytes: int = Field(
        65_536, ge=1024, description="Maximum bytes of a socket frame. A larger frame closes the socket with 1009."
    )
    max_json_bytes: int = Field(
        131_072,
        ge=1024,
        description="Maximum bytes of a JSON body, and of a form's fields. A larger body is rejected with 413.",
    )
    max_body_bytes: int = Field(
        1_048_576,
        ge=1024,
        description="Maximum bytes of the JSON bodies that only services send, with many participants.",
    )
    max_metadata_bytes: int = Field(8_192, ge=2, description="Maximum bytes of `metadata` or `settings` as JSON.")
    max_metadata_depth: int = Field(8, ge=1, description="Maximum nesting depth of `metadata` or `settings`.")
    max_participants: int = Field(
        500, ge=2, le=MAX_LIST_ITEMS, description="Maximum participants of a conversation, at most 5,000."
    )
    max_reactions_per_user: int = Field(20, ge=1, description="Maximum different reactions of one user to one message.")
    max_batch_read: int = Field(
        500, ge=1, le=MAX_LIST_ITEMS, description="Maximum messages per `mark_multiple_read`, at most 5,000."
    )
    max_edits: int = Field(100, ge=1, description="Maximum edits of a message. Further edits are rejected with 409.")
    message_rate: int = Field(
        30, ge=0, description="Messages, edits and reactions per window, user and conversation. 0: unlimited."
    )
    message_rate_window_s: int = Field(10, ge=1, description="Length of the `MESSAGE_RATE` window.")
    max_waiting_sends: int = Field(
        5_000,
        ge=10,
        description="Maximum messages waiting to be stored, a tenth of them for one conversation. Further "
        "messages are rejected with 429.",
    )
    rate_reads_per_minute: int = Field(
        1200,
        ge=0,
        description="GET requests per user and worker. A list of conversations counts as one, and one more for each "
        "ten that it may have. 0: unlimited.",
    )
    max_concurrent_reads: int = Field(
        8,
        ge=1,
        description="GET requests of a user that a worker processes at a time, and two lists of conversations. "
        "Others wait; they are rejected with 429 if 50 are waiting.",
    )
    rate_writes_per_minute: int = Field(
        300, ge=0, description="Other requests per user, except messages, uploads and tickets. 0: unlimited."
    )
    rate_uploads_per_minute: int = Field(
        60, ge=0, description="Uploads per user, except files sent with a message. 0: unlimited."
    )
    rate_tickets_per_minute: int = Field(60, ge=0, description="Socket tickets per user. 0: unlimited.")
    rate_frames_per_minute: int = Field(
        1200,
        ge=0,
        description="Socket frames per user and worker, except messages. A tenth of them may be refused before the "
        "socket is closed with 4429. 0: unlimited.",
    )
    rate_connects_per_minute: int = Field(
        120, ge=0, description="Sockets that a user opens, per worker. Further ones are closed with 4429. 0: unlimited."
    )
    rate_address_per_minute: int = Field(
        6000,
        ge=0,
        description="Requests and new sockets per public address and worker, except requests of services. 0: "
        "unlimited.",
    )
    rate_failures_per_minute: int = Field(
        120, ge=0, description="Rejected tokens per public address and worker before 429. 0: unlimited."
    )
    trusted_proxies: ProxyNetworks = Field(
        default_factory=list,
        description="Addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "trusted. Empty: none.",
    )
    hsts_max_age_s: int = Field(
        0,
        ge=0,
        description="`max-age` of `Strict-Transport-Security`; 0 omits the header. Set it only if the service "
        "will always use TLS.",
    )
    max_sockets_per_user: int = Field(20, ge=1, description="Maximum open sockets per user and worker.")
    max_opening_sockets: int = Field(
        500,
        ge=1,
        description="Maximum sockets per worker that have not received their `hello` yet. Further sockets are "
        "closed with 1013.",
    )
    max_sockets_per_address: int = Field(
        500,
        ge=1,
        description="Maximum sockets per public address and worker. With `TRUSTED_PROXIES`, private addresses "
        "count too.",
    )
    max_subscriptions: int = Field(1000, ge=1, description="Maximum conversations that one socket subscribes to.")
    max_bad_frames: int = Field(
        10,
        ge=1,
        description="Consecutive malformed or rate-limited frames before a socket is closed. The close code is 4400, "
        "or 4429 if the last frame was rate-limited.",
    )
    heartbeat_s: float = Field(
        20.0,
        gt=0,
        description="Interval of WebSocket pings. A socket that does not answer within twice this time is closed.",
    )
    head_check_s: float = Field(
        1.0, gt=0, description="How often a worker compares the heads of its conversations with the database."
    )
    replay_limit: int = Field(
        10_000,
        ge=1,
        description="Maximum events replayed to a reconnecting socket. Beyond it, the socket gets `resync`.",
    )
    outbox_bytes: int = Field(
        1_048_576,
        ge=65_536,
        description="Maximum unsent bytes of a socket before it stops receiving live events and has to catch up.",
    )
    slow_socket_s: float = Field(
        10.0, gt=0, description="How long a lagging socket may read nothing before it is closed with 4408."
    )
    max_attachment_bytes: int = Field(
        26_214_400, ge=1, description="Maximum bytes of an attachment. A larger file is rejected with 413."
    )
    max_attachments: int = Field(10, ge=1, description="Maximum attachments of a message.")
    max_image_pixels: int = Field(
        50_000_000, ge=1, description="Maximum pixels of an image. A larger image is rejected with 422."
    )
    storage_dir: Path = Field(
        Path(".data/attachments"),
        description="Directory for attachments, shared by all workers. With S3, uploads are stored here temporarily.",
    )
    s3_bucket: str | None = Field(None, description="S3 bucket for attachments, instead of the directory.")
    s3_endpoint: str | None = Field(None, description="URL of an S3-compatible store. Unset: AWS.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key_id: str | None = Field(None, description="S3 access key. Unset: credentials from the environment.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the S3 access key.")
    s3_redirect: bool = Field(
        True,
        description="Redirect browsers to the store for images, audio and video. Off: the service delivers all files.",
    )
    attachment_url_ttl_s: int = Field(
        300, ge=1, description="Minimum lifetime of a download link. A link is valid for up to twice as long."
    )
    unclaimed_attachment_ttl_h: int = Field(
        24, ge=1, description="Lifetime of an upload that is not attached to a message."
    )
    sweep_s: float = Field(
        60.0, gt=0, description="How often a worker deletes attachments that are no longer referenced."
    )
    clamd: str | None = Field(
        None, pattern=r"^.+:[0-9]+$", description="Virus scanner (clamd) as `host:port`. Unset: files are not scanned."
    )
    clamd_timeout_s: float = Field(
        30.0, gt=0, description="Maximum wait for the virus scanner before the upload fails with 503."
    )
    erasure_settle_s: float = Field(
        60.0,
        ge=0,
        description="How long the id of an erased user stays in the log, so that operations in progress can finish.",
    )
    audit_retention_days: int = Field(365, ge=0, description="Retention of audit log entries. 0: unlimited.")
    retention_days: RetentionDays = Field(
        default_factory=dict,
        description="Retention of messages by conversation type: `support=365,bid=730`. Types not listed are kept "
        "indefinitely.",
    )
    notification_retention_days: int = Field(
        0, ge=0, description="Retention of notifications and dead deliveries. 0: as long as their message."
    )
    purge_s: float = Field(600.0, gt=0, description="How often a worker looks for data past its retention.")
    ticket_ttl_s: int = Field(30, ge=1, description="Lifetime of a socket ticket.")
    idempotency_ttl_h: int = Field(24, ge=1, description="Lifetime of an `Idempotency-Key`.")
    smtp_url: SecretStr | None = Field(
        None,
        description="SMTP server: `smtp://user:password@host:587` (STARTTLS if offered) or `smtps://…:465`. "
        "Unset: no e-mail.",
    )
    mail_from: str = Field("", description="Sender of e-mails: `Chat <chat@example.org>`. Required with `SMTP_URL`.")
    public_url: str = Field(
        "", description="Public URL of this service, such as `https://chat.example.org`. Required with `SMTP_URL`."
    )
    conversation_url: str | None = Field(
        None, description="URL of a conversation in your app, for links: `https://app.example/chat/{conversation_id}`."
    )
    vapid_private_key: SecretStr | None = Field(
        None, description="Web push key: P-256, as PEM or as 32 bytes in base64url. Unset: no web push."
    )
    vapid_subject: str = Field(
        "", description="Contact for push services: `mailto:…` or `https://…`. Required with `VAPID_PRIVATE_KEY`."
    )
    push_to_private_addresses: bool = Field(
        False, description="Allow push endpoints with plain HTTP or private addresses. Development only."
    )
    notify_webhook_url: str | None = Field(
        None, description="URL of the platform's own notifier. It receives signed webhooks (Standard Webhooks)."
    )
    notify_webhook_secret: SecretStr | None = Field(
        None,
        description="Webhook signing secret: `whsec_` and 24 to 64 bytes in base64. Required with "
        "`NOTIFY_WEBHOOK_URL`.",
    )
    notify_delay_s: float = Field(
        30.0, ge=0, description="How long messages are collected before one e-mail, push or webhook is sent."
    )
    notify_include_text: bool = Field(False, description="Include message text in e-mails, pushes and webhooks.")
    notify_max_attempts: int = Field(
        10, ge=1, description="Attempts to deliver an e-mail, push or webhook before the delivery is marked dead."
    )
    notify_retry_s: float = Field(
        10.0, ge=0, description="Maximum delay before the second attempt. It doubles with each attempt, up to one hour."
    )
    drain_delay_s: float = Field(
        0.0,
        ge=0,
        description="How long after SIGTERM the service keeps accepting connections while `/readyz` reports "
        "`draining`.",
    )
    restart_spread_s: float = Field(
        5.0,
        ge=0,
        description="Clients disconnected by a restart (1012) reconnect at random times within this period.",
    )
    shutdown_s: int = Field(10, ge=1, description="Maximum time from SIGTERM to exit, including the drain delay.")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token required by `/metrics`. Unset: readable from loopback and private addresses only.",
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        description="OpenTelemetry collector that accepts OTLP over HTTP. Unset: tracing is off.",
    )
    trace_ratio: float = Field(
        1.0, ge=0, le=1, description="Fraction of traces that are sampled, with `OTLP_ENDPOINT`."
    )
    attachments: bool = Field(True, description="Enable file attachments. Off: their routes return 403 `feature_off`.")
    notifications: bool = Field(
        True, description="Enable notifications and their delivery. Off: their routes return 403 `feature_off`."
    )
    presence: bool = Field(
        True,
        description="Enable online status. Off: its routes return 403 `feature_off`, and all users count as offline.",
    )
    support: bool = Field(True, description="Enable support conversations. Off: their routes return 403 `feature_off`.")
    integrations: bool = Field(
        True, description="Enable the routes that services use to provision data. Off: they return 403 `feature_off`."
    )
    web: bool = Field(
        False, description="Serve the web pages: the reference frontend at `/` and the operator page at `/operator`."
    )
    log_level: str = Field(
        "INFO",
        pattern=r"^(?i:DEBUG|INFO|WARNING|ERROR)$",
        description="Log level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.",
    )
    log_levels: LogLevels = Field(
        "", description="Log levels of individual loggers: `wasgo_chat.gateway=DEBUG,wasgo_chat.messages=WARNING`."
    )
    log_levels_file: Path | None = Field(
        None, description="File with further log levels, one per line. SIGUSR2 reloads it while the service is running."
    )

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

    def check_safe_to_serve(self, *, workers: int) -> Self:
        """Reject settings that are not safe in production.

        Raises:
            UnsafeSettings: a setting is missing or unsafe.
        """
        self.require_database()
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


def settings_table() -> str:
    """The settings as a Markdown table, in declaration order."""
    rows = ["| variable | default | description |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        value = ",".join(default) if isinstance(default, (list, dict)) else default
        cell = "" if value in (None, "") else f"`{value}`"
        rows.append(f"| `WASGO_CHAT_{name.upper()}` | {cell} | {field.description} |")
    return "\n".join(rows)
