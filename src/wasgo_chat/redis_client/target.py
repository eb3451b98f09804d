"""Redis clients for a single server, a primary behind Sentinels, or a cluster, selected by the URL.

    redis://user:password@host:6379/0                        one server; rediss:// for TLS, unix:// for a Unix socket
    redis+sentinel://user:password@host:26379,host/0?service=chat    the current primary of the service `chat`
    redis+cluster://user:password@host:6379,host,host        some nodes of a cluster; the others are discovered

`rediss+sentinel` and `rediss+cluster` use TLS. User and password are those of Redis; for Sentinels that require their
own, add `sentinel_username` and `sentinel_password` to the query string. The TLS options of redis-py, such as
`ssl_ca_certs`, are part of the query string too.
"""

import ssl
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

Kind = Literal["single", "sentinel", "cluster"]

DEFAULT_PREFIX = "wasgo:"
"""The default prefix of keys and channels."""

_PORTS: dict[str, int] = {"sentinel": 26379, "cluster": 6379}


_TLS_OPTIONS = (
    "ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_cert_reqs", "ssl_check_hostname",
)  # fmt: skip
_SINGLE_SERVER_OPTIONS = frozenset(["db", "username", "password", "client_name", "protocol"])


@dataclass(frozen=True)
class RedisTarget:
    """A parsed URL. For a single server only `url` is used; redis-py parses it."""

    kind: Kind
    url: str = field(repr=False)
    hosts: tuple[tuple[str, int], ...] = ()
    login: dict[str, Any] = field(default_factory=dict, repr=False)
    sentinel_login: dict[str, Any] = field(default_factory=dict, repr=False)
    has_tls: bool = False
    tls: dict[str, Any] = field(default_factory=dict, repr=False)
    database: int = 0
    service: str = ""

    @classmethod
    def parse(cls, url: str) -> "RedisTarget":
        """Parse a URL.

        Raises:
            ValueError: the URL is not supported; the message completes "The URL …".
        """
        scheme, plus, kind = url.partition("://")[0].partition("+")
        if not plus:
            if scheme not in ("redis", "rediss", "unix"):
                raise ValueError("must start with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
            options = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
            _tls(options)
            if unknown := options.keys() - _SINGLE_SERVER_OPTIONS:
                raise ValueError(f"has unknown options: {', '.join(sorted(unknown))}")
            return cls("single", url)
        if scheme not in ("redis", "rediss") or kind not in _PORTS:
            raise ValueError("must start with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
        parts = urlsplit(url)
        login, _, hosts = parts.netloc.rpartition("@")
        options = dict(parse_qsl(parts.query))
        target = cls(
            cast("Kind", kind),
            url,
            hosts=tuple(_host(address, _PORTS[kind]) for address in hosts.split(",") if address),
            login=_login(*login.partition(":")[::2]),
            sentinel_login=_login(options.pop("sentinel_username", ""), options.pop("sentinel_password", "")),
            has_tls=scheme == "rediss",
            database=int(parts.path.strip("/") or 0),
            tls=_tls(options),
            service=options.pop("service", ""),
        )
        target._check(options)
        return target

    def _check(self, unknown: dict[str, str]) -> None:
        if not self.hosts:
            raise ValueError("has no host")
        if unknown:
            raise ValueError(f"has unknown options: {', '.join(unknown)}")
        if self.kind == "sentinel" and not self.service:
            raise ValueError("requires ?service=, the name of the primary in the Sentinels' configuration")
        if self.kind == "cluster" and (self.database or self.service or self.sentinel_login):
            raise ValueError("must not have a database, service or Sentinel credentials, because it names a cluster")

    def pool(
        self, *, timeout_s: float, connections: int | None = None, waits: bool = False, **more: Any
    ) -> ConnectionPool:
        """A pool of connections to the server, or to the primary behind Sentinels, without retries.

        Args:
            timeout_s: timeout of connecting and of each command.
            connections: maximum number of connections.
            waits: whether to wait for a free connection instead of failing. Ignored with Sentinels.
            more: further options of redis-py's connections.
        """
        options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "retry": _no_retry(), **more}
        if self.kind == "sentinel":
            sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py is not fully typed
                list(self.hosts),
                sentinel_kwargs={
                    "socket_timeout": timeout_s,
                    "socket_connect_timeout": timeout_s,
                    "retry": _no_retry(),
                    "ssl": self.has_tls,
                    **self.tls,
                    **self.sentinel_login,
                },
            )
            return SentinelConnectionPool(  # type: ignore[no-untyped-call]  # redis-py is not fully typed
                self.service, sentinel, db=self.database, ssl=self.has_tls, **self.tls, **self.login, **options
            )
        if connections is not None:
            options["max_connections"] = connections
        if waits:
            return BlockingConnectionPool.from_url(self.url, timeout=timeout_s, **options)
        return ConnectionPool.from_url(self.url, **options)

    def cluster(self, *, timeout_s: float, **more: Any) -> RedisCluster:
        """A cluster client. It retries once, after refreshing the slot map."""
        return RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in self.hosts],
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),
            require_full_coverage=False,  # the other shards stay usable if one has no node
            ssl=self.has_tls,
            **self.tls,
            **self.login,
            **more,
        )

    def connection(self, host: str, port: int, *, timeout_s: float) -> AbstractConnection:
        """An exclusive RESP2 connection to one cluster node, not yet connected."""
        connection_class = SSLConnection if self.has_tls else Connection
        return connection_class(
            host=host,
            port=port,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=_no_retry(),
            **self.tls,
            **self.login,
        )

    def client(self, *, timeout_s: float, **more: Any) -> "Redis | RedisCluster":
        """A client for commands, for any kind of target. Close it with `aclose`."""
        if self.kind == "cluster":
            return self.cluster(timeout_s=timeout_s, **more)
        return Redis.from_pool(self.pool(timeout_s=timeout_s, **more))


async def close_sentinels(pool: ConnectionPool) -> None:
    """Close the Sentinel connections of a pool, which closing the pool leaves open."""
    if isinstance(pool, SentinelConnectionPool):
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def validate_redis_url(url: str | None) -> str | None:
    """Return the URL unchanged. Raises: ValueError, if it is not supported."""
    if url is not None:
        RedisTarget.parse(url)
    return url


def _tls(options: dict[str, str]) -> dict[str, Any]:
    """Take the TLS options of redis-py out of a query string.

    Raises:
        ValueError: a file cannot be used, or a value is invalid.
    """
    tls: dict[str, Any] = {name: options.pop(name) for name in _TLS_OPTIONS if name in options}
    if "ssl_check_hostname" in tls:
        tls["ssl_check_hostname"] = tls["ssl_check_hostname"].lower() not in ("", "0", "f", "false", "n", "no")
    if tls.get("ssl_cert_reqs", "required") not in ("none", "optional", "required"):
        raise ValueError("has an invalid ssl_cert_reqs: it must be none, optional or required")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if path := tls.get("ssl_ca_certs"):
            context.load_verify_locations(path)
        if path := tls.get("ssl_certfile"):
            context.load_cert_chain(path, tls.get("ssl_keyfile"), tls.get("ssl_password"))
    except OSError as error:  # includes ssl.SSLError
        raise ValueError(f"names a file that cannot be used: {path} ({error.strerror or error})") from error
    return tls


def _no_retry() -> Any:
    return Retry(NoBackoff(), 0)


def _host(address: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{address}")
    if not parts.hostname:
        raise ValueError("has no host")
    return parts.hostname, parts.port or default_port


def _login(username: str, password: str) -> dict[str, Any]:
    login = {"username": unquote(username), "password": unquote(password)}
    return {name: value for name, value in login.items() if value}
