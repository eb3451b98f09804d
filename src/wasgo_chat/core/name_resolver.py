"""Looks up host names that users supply, without the resolver of the process.

`getaddrinfo` occupies a thread of a small pool until the resolver gives up, and other look-ups, such as the database's,
wait behind it. This resolver asks the name servers of /etc/resolv.conf itself, over sockets that are closed when the
time is over. It does not read /etc/hosts or use search domains: the names are those of public hosts.
"""

import asyncio
import time
from dataclasses import dataclass
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
import structlog

log = structlog.get_logger(__name__)

LOOKUP_S = 3.0
"""How long a look-up takes at most, including the wait for its turn."""
MIN_LIFETIME_S = 0.1
"""How long a look-up may take whose turn came at the last moment."""

CONCURRENCY = 32
MAX_CACHED = 2_000
MIN_TTL_S, MAX_TTL_S = 5.0, 300.0
NEGATIVE_TTL_S = 60.0


class NameNotFound(Exception):
    """The name has no address, is no host name, or its name servers did not answer in time."""


@dataclass(frozen=True, slots=True)
class _Answer:
    addresses: tuple[str, ...]
    expires_at: float


class NameResolver:
    """Resolves names with a time limit, a limit of concurrent look-ups, and a cache that also keeps failures.

    Args:
        name_servers: addresses of name servers; by default those of /etc/resolv.conf.
        port: their port.
    """

    def __init__(self, name_servers: list[str] | None = None, port: int = 53) -> None:
        self._name_servers = name_servers
        self._port = port
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._answers: dict[str, _Answer] = {}
        self._running: dict[str, asyncio.Task[_Answer]] = {}

    async def addresses(self, host: str) -> list[str]:
        """The addresses of a host, at least one: IPv4 first. An address stands for itself.

        Raises:
            NameNotFound: there is none.
        """
        try:
            return [str(ip_address(host))]
        except ValueError:
            name = _host_name(host)
        answer = self._answers.get(name)
        if answer is None or answer.expires_at <= time.monotonic():
            answer = await self._share_lookup(name)
        if not answer.addresses:
            raise NameNotFound(host)
        return list(answer.addresses)

    async def _share_lookup(self, name: str) -> _Answer:
        """Concurrent callers share a look-up. It does not end with the caller that began it."""
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(self._lookup(name))
            task.add_done_callback(lambda _: self._running.pop(name, None))
        return await asyncio.shield(task)

    async def _lookup(self, name: str) -> _Answer:
        deadline = time.monotonic() + LOOKUP_S
        try:
            async with asyncio.timeout(LOOKUP_S):
                await self._slots.acquire()
        except TimeoutError:  # says nothing about the name
            return _Answer((), 0.0)
        try:
            # The queries have a time limit. One that is cancelled while it opens a socket would leave the socket open.
            lifetime_s = max(MIN_LIFETIME_S, deadline - time.monotonic())
            found = await asyncio.gather(*(self._query(name, type_, lifetime_s) for type_ in ("A", "AAAA")))
        finally:
            self._slots.release()
        addresses = tuple(address for records, _ in found for address in records)
        ttl_s = min((ttl for records, ttl in found if records), default=NEGATIVE_TTL_S)
        answer = _Answer(addresses, time.monotonic() + min(max(ttl_s, MIN_TTL_S), MAX_TTL_S))
        if len(self._answers) >= MAX_CACHED:
            self._answers.pop(next(iter(self._answers)))
        self._answers[name] = answer
        return answer

    async def _query(self, name: str, record_type: str, lifetime_s: float) -> tuple[list[str], float]:
        """The addresses of one type, with the seconds for which they are valid."""
        try:
            # The file is read again for each look-up: it changes when the machine's network does.
            resolver = dns.asyncresolver.Resolver(configure=self._name_servers is None)
            if self._name_servers is not None:
                resolver.nameservers, resolver.port = list(self._name_servers), self._port
            answer = await resolver.resolve(name, record_type, search=False, lifetime=lifetime_s)
        except (dns.exception.DNSException, OSError, ValueError) as error:
            if not isinstance(error, dns.resolver.NoAnswer | dns.resolver.NXDOMAIN):
                log.info("name_lookup_failed", record_type=record_type, error=type(error).__name__)
            return [], NEGATIVE_TTL_S
        return [str(record) for record in answer], float(answer.rrset.ttl if answer.rrset is not None else 0)


def _host_name(host: str) -> str:
    """A host name in ASCII, lower case and absolute.

    Raises:
        NameNotFound: it is not the name of a public host. Among these are other notations of addresses, such as
            2130706433: their last label is a number.
    """
    try:
        name = dns.name.from_text(host.lower())
        labels = [label.decode("ascii") for label in name.labels[:-1]]
    except (dns.exception.DNSException, UnicodeError) as error:
        raise NameNotFound(host) from error
    if len(labels) < 2 or labels[-1][0].isdigit():
        raise NameNotFound(host)
    return name.to_text()
