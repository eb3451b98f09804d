"""A name server on loopback: answers with the addresses that a test sets, or not at all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from wasgo_chat.core.name_resolver import NameResolver


class NameServer(asyncio.DatagramProtocol):
    """Answers with `addresses[name]`; other names do not exist. Queries for names in `silent` get no answer."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        self.queries: Counter[str] = Counter()
        self.ttl_s = 300
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def resolver(self) -> NameResolver:
        return NameResolver(["127.0.0.1"], self.port)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.queries[name] += 1
        if name in self.silent:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        version = 4 if question.rdtype == dns.rdatatype.A else 6
        found = [address for address in self.addresses.get(name, []) if ip_address(address).version == version]
        if found:
            kind = dns.rdatatype.to_text(question.rdtype)
            response.answer.append(dns.rrset.from_text(question.name, self.ttl_s, "IN", kind, *found))
        elif name not in self.addresses:
            response.set_rcode(dns.rcode.NXDOMAIN)
        assert self._transport is not None
        self._transport.sendto(response.to_wire(), addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    server.port = transport.get_extra_info("sockname")[1]
    try:
        yield server
    finally:
        transport.close()
