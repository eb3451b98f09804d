"""Where Redis is: one server, the primary that Sentinels name, or a cluster. Clients for each, from one URL.

    redis://user:password@host:6379/0                        one server; rediss:// with TLS, unix:// for a socket
    redis+sentinel://user:password@host:26379,host/0?service=chat    whichever is primary of `chat` now
    redis+cluster://user:password@host:6379,host,host        any nodes of a cluster; the others are found

`rediss+sentinel` and `rediss+cluster` are the same with TLS. Name and password are those of Redis; Sentinels that
want their own get them from `sentinel_username` and `sentinel_password` behind the question mark. What is done with
a client is the business of whoever asked for it.
"""

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

_PORTS: dict[str, int] = {"sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True)
class RedisTarget:
    """What a URL says. For one server only `url` counts, and redis-py reads it.

    Raises (by `of`):
        ValueError: the URL is not of one of the kinds above; the message says what is missing.
    """

    kind: Kind
    url: str = field(repr=False)
    hosts: tuple[tuple[str, int], ...] = ()
    login: dict[str, Any] = field(default_factory=dict, repr=False)
    sentinel_login: dict[str, Any] = field(default_factory=dict, repr=False)
    has_tls: bool = False
    database: int = 0
    service: str = ""

    @classmethod
    def parse(cls, url: str) -> "RedisTarget":
        """The place that a URL names."""
        scheme, plus, kind = url.partition("://")[0].partition("+")
        if not plus:
            if scheme not in ("redis", "rediss", "unix"):
                raise ValueError("begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
            return cls("single", url)
        if scheme not in ("redis", "rediss") or kind not in _PORTS:
            raise ValueError("begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
        parts = urlsplit(url)
        login, _, hosts = parts.netloc.rpartition("@")
        options = dict(parse_qsl(parts.query))
        found = cls(
            cast("Kind", kind),
            url,
            hosts=tuple(_host(one, _PORTS[kind]) for one in hosts.split(",") if one),
            login=_login(*login.partition(":")[::2]),
            sentinel_login=_login(options.pop("sentinel_username", ""), options.pop("sentinel_password", "")),
            has_tls=scheme == "rediss",
            database=int(parts.path.strip("/") or 0),
            service=options.pop("service", ""),
        )
        found._check(options)
        return found

    def _check(self, unknown: dict[str, str]) -> None:
        if not self.hosts:
            raise ValueError("names no host")
        if unknown:
            raise ValueError(f"has options that are not known: {', '.join(unknown)}")
        if self.kind == "sentinel" and not self.service:
            raise ValueError("lacks ?service=, the name under which the Sentinels know the primary")
        if self.kind == "cluster" and (self.database or self.service or self.sentinel_login):
            raise ValueError("is of a cluster, which has one database and no Sentinels")

    def pool(
        self, *, timeout_s: float, connections: int | None = None, waits: bool = False, **more: Any
    ) -> ConnectionPool:
        """Connections to the one server, or to the primary of the Sentinels; without retries.

        Args:
            timeout_s: the longest that connecting or a command may take.
            connections: at most so many.
            waits: for a free one, rather than fail; those of Sentinels never wait.
            more: for redis-py's connections.
        """
        options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "retry": _once(), **more}
        if self.kind == "sentinel":
            sentinel = Sentinel(  # type: ignore[no-untyped-call]  # the library has no types
                list(self.hosts),
                sentinel_kwargs={
                    "socket_timeout": timeout_s,
                    "socket_connect_timeout": timeout_s,
                    "retry": _once(),
                    "ssl": self.has_tls,
                    **self.sentinel_login,
                },
            )
            return SentinelConnectionPool(  # type: ignore[no-untyped-call]  # the library has no types
                self.service, sentinel, db=self.database, ssl=self.has_tls, **self.login, **options
            )
        if connections is not None:
            options["max_connections"] = connections
        if waits:
            return BlockingConnectionPool.from_url(self.url, timeout=timeout_s, **options)
        return ConnectionPool.from_url(self.url, **options)

    def cluster(self, *, timeout_s: float, **more: Any) -> RedisCluster:
        """A client of the cluster, without retries beyond one new look at who has which slots."""
        return RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in self.hosts],
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),
            require_full_coverage=False,  # a shard without a node must not silence the others
            ssl=self.has_tls,
            **self.login,
            **more,
        )

    def connection(self, host: str, port: int, *, timeout_s: float) -> AbstractConnection:
        """One connection to a node of the cluster, of RESP2 and for nobody else; not connected yet."""
        made = SSLConnection if self.has_tls else Connection
        return made(
            host=host,
            port=port,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=_once(),
            **self.login,
        )

    def client(self, *, timeout_s: float, **more: Any) -> "Redis | RedisCluster":
        """A client for plain commands, whatever stands there. `aclose` closes it."""
        if self.kind == "cluster":
            return self.cluster(timeout_s=timeout_s, **more)
        return Redis.from_pool(self.pool(timeout_s=timeout_s, **more))


async def close_sentinels(pool: ConnectionPool) -> None:
    """Close what a pool asks for its primary, where it does; closing the pool leaves it open."""
    if isinstance(pool, SentinelConnectionPool):
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def validate_redis_url(url: str | None) -> str | None:
    """A URL that can be understood, as it is. Raises ValueError."""
    if url is not None:
        RedisTarget.parse(url)
    return url


def _once() -> Any:
    return Retry(NoBackoff(), 0)


def _host(given: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{given}")
    if not parts.hostname:
        raise ValueError("names no host")
    return parts.hostname, parts.port or port


def _login(username: str, password: str) -> dict[str, Any]:
    given = {"username": unquote(username), "password": unquote(password)}
    return {name: value for name, value in given.items() if value}
