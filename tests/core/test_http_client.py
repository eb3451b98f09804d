"""Outgoing requests to addresses that users supply: public addresses only, whatever the name resolves to."""

from ipaddress import ip_network

import httpx2
import pytest

from wasgo_chat.core.http_client import ssrf_safe_client
from wasgo_chat.core.ip_ranges import is_public
from wasgo_chat.core.name_resolver import NameResolver

# Every entry of the IANA registries of special-purpose addresses, and multicast.
# https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
REGISTRY = (
    "0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32",
    "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32",
    "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
    "255.255.255.255/32", "224.0.0.0/4", "::1/128", "::/128", "::ffff:0:0/104", "64:ff9b::/96", "64:ff9b:1::/48",
    "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128",
    "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32",
    "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip


@pytest.mark.parametrize("network", REGISTRY)
def test_no_special_purpose_address_is_public(network: str) -> None:
    parsed = ip_network(network)
    for address in (parsed[0], parsed[-1], parsed[parsed.num_addresses // 2]):
        assert not is_public(str(address))


@pytest.mark.parametrize(
    "address",
    ["fe80::1%eth0", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "fec0::1", "4000::1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)
def test_other_notations_of_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "192.0.1.1", "9.255.255.255", "223.255.255.255",
     "2001:200::1", "2003::1", "2620:4f:7fff::1", "2620:4f:8001::1", "3ffe:ffff::1"],
)  # fmt: skip
def test_internet_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
async def test_a_guarded_client_does_not_connect_to_private_addresses(url: str) -> None:
    async with ssrf_safe_client(NameResolver()) as client:
        with pytest.raises(httpx2.ConnectError, match=r"public internet|cannot be resolved"):
            await client.post(url)
