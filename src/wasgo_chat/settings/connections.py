"""Settings: PostgreSQL, its replicas and Redis."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, Field

from wasgo_chat.redis_client.target import DEFAULT_PREFIX, validate_redis_url
from wasgo_chat.settings.types import DatabaseUrl, SpaceSeparatedUrls


class ConnectionSettings(BaseModel):
    """PostgreSQL, its replicas and Redis."""

    heading: ClassVar[str] = "Connections"

    database_url: DatabaseUrl = Field(
        "",
        description="PostgreSQL 15 or newer: `postgresql://user:password@host/name`, with libpq parameters such "
        "as `?sslmode=verify-full&sslrootcert=…`. Required.",
    )
    database_pooler: bool = Field(
        False,
        description="`DATABASE_URL` and `REPLICA_URLS` name connection poolers in transaction mode, such as PgBouncer: "
        "statements are not prepared, and limits are set in each transaction. Requires `DATABASE_DIRECT_URL`.",
    )
    database_direct_url: DatabaseUrl = Field(
        "",
        description="URL of the database without the pooler, for migrations and for the lock of the purge. Unset: "
        "`DATABASE_URL`.",
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        description="Size of a worker's request pool. Each worker opens further connections for sending, lookups and "
        "background tasks (docs/operations.md).",
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
    redis_prefix: str = Field(
        DEFAULT_PREFIX,
        pattern=r"^[A-Za-z0-9._:/-]{1,64}$",
        description="Prefix of all keys and channels in Redis. Deployments that share a Redis server need different "
        "ones.",
    )
