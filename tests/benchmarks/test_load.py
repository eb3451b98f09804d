"""The load generator counts every message, however the network splits the stream."""

import time

import pytest

from benchmarks.load.client import Client, SocketSpec
from benchmarks.load.clients import Clients
from benchmarks.scenarios.rooms import highest


def frame(text: bytes) -> bytes:
    size = len(text)
    if size < 126:
        return bytes([0x81, size]) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text


def message(fill: int) -> bytes:
    return frame(b'{"type":"new_message","content":"@%020d@%s"}' % (time.monotonic_ns(), b"x" * fill))


UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
STREAM = UPGRADE + frame(b'{"type":"hello"}') + message(10) + message(500) + message(70_000) + message(0)


@pytest.mark.parametrize("piece", [3, 1000, len(STREAM)])
async def test_every_message_is_counted_and_timed_however_the_stream_is_split(piece: int) -> None:
    clients = Clients()
    client = Client(clients, SocketSpec("/"), 0)
    for at in range(0, len(STREAM), piece):
        client.data_received(STREAM[at : at + piece])
    assert client.opened.done()
    assert clients.received == 4
    assert clients.timed() == 4


async def test_acknowledgements_do_not_count_as_deliveries() -> None:
    clients = Clients()
    client = Client(clients, SocketSpec("/", sends=True), 0)
    client.data_received(UPGRADE + frame(b'{"type":"hello"}') + message(10))
    client.unacked = 2
    client.data_received(frame(b'{"type":"ack","ref":"1"}') + frame(b'{"type": "error", "ref": "2", "code": "x"}'))
    assert (clients.received, clients.answered, len(clients.refusals)) == (1, 1, 1)


async def test_a_refused_connection_reports_the_reason() -> None:
    client = Client(Clients(), SocketSpec("/"), 0)
    client.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(ConnectionError, match="403"):
        await client.opened


@pytest.mark.parametrize("limit", [3.0, 40.0, 41.0, 1234.0])
def test_the_highest_rate_is_found_from_above_and_below(limit: float) -> None:
    found = highest(lambda rate: rate <= limit, 40.0, closeness=1.08)
    assert limit / 1.08 <= found <= limit


def test_no_rate_is_found_where_none_is_sustained() -> None:
    assert highest(lambda rate: False, 40.0, closeness=1.08) == 0
