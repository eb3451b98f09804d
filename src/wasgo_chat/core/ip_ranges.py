"""Classification of IP addresses: which are public, and which count as one client."""

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

MAX_NAME_CHARS = 100
_PORT = re.compile(r"\[(.*)\](?::\d*)?|([\d.]+):\d*", re.ASCII)
# The only range that is allocated to public hosts (RFC 4291, section 2.4).
_GLOBAL_UNICAST = IPv6Network("2000::/3")

# The IANA special-purpose address registries, without entries inside of others, and multicast. Entries that are
# globally reachable are included: they lead to relays and anycast services, not to a host of that address.
# https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
_SPECIAL_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Those outside of 2000::/3 are not listed. 2001::/32 (Teredo) and 2002::/16 (6to4) carry an IPv4 address to a
# translating host, so an address that looks global can lead anywhere.
_SPECIAL_6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to a host on the public internet.

    Raises:
        ValueError: `address` is not an IP address.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        return parsed in _GLOBAL_UNICAST and not any(parsed in network for network in _SPECIAL_6)
    return not any(parsed in network for network in _SPECIAL_4)


@lru_cache(4096)
def client_bucket(address: str, *, include_private: bool = False) -> str | None:
    """What counts as one client in limits per address: an IPv4 address, or the /64 that an IPv6 subscriber gets.

    Args:
        address: IP address of the client.
        include_private: whether private addresses count too. Otherwise they give None: behind a private address
            there is usually a proxy that many clients share.

    A trusted proxy may report an address with a port, which does not count, or a name instead of an address
    (RFC 7239, 6): one name is one client.
    """
    try:
        parsed = ip_address(_without_port(address))
    except ValueError:
        return address[:MAX_NAME_CHARS]
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if not include_private and not is_public(str(parsed)):
        return None
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def is_ipv4(network: str) -> bool:
    """Whether an address or network is one of IPv4. Raises: ValueError, if it is neither."""
    return ip_network(network).version == 4


def ipv4_mapped(network: str) -> str:
    """An IPv4 address or network as IPv6, as which a socket that accepts both sees its peers (RFC 4291, 2.5.5.2)."""
    parsed = ip_network(network)
    return f"::ffff:{parsed.network_address}/{96 + parsed.prefixlen}"


def _without_port(address: str) -> str:
    match = _PORT.fullmatch(address)
    return address if match is None else match[1] or match[2]
