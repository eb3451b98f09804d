"""How many sockets are open from one address, on this worker. How many a user has is counted by the hub."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Address

from wasgo_chat.core.config import Settings
from wasgo_chat.core.ip_ranges import client_bucket


class AddressLimits:
    """A worker's open sockets by client address; of IPv6, by the /64 that one subscriber gets.

    A private address is that of a proxy which `TRUSTED_PROXIES` does not name, or of a machine of one's own: behind
    it is everybody, so it is not counted. With trusted proxies named, every address is a client's and counts.
    """

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.max_sockets_per_address
        self._counts_private = bool(settings.trusted_proxies)
        self._open: Counter[str] = Counter()

    @contextmanager
    def count(self, client: Address | None) -> Iterator[bool]:
        """Count a socket while the block runs; False where its address has too many already."""
        address = self._bucket(client)
        if address is None:
            yield True
            return
        self._open[address] += 1
        try:
            yield self._open[address] <= self._limit
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _bucket(self, client: Address | None) -> str | None:
        if client is None:
            return None
        try:
            return client_bucket(client.host, include_private=self._counts_private)
        except ValueError:
            return client.host  # a proxy may pass names of its own on; one name is one client
