"""Classification of IP addresses: which are public, and which count as one client."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# The only range that is allocated to public hosts (RFC 4291, section 2.4). Translation prefixes are outside of it, with
# the exceptions below.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# 6to4 and Teredo carry an IPv4 address to a translating host, so an address that looks global can lead anywhere.
_TRANSLATED_6 = (IPv6Network("2002::/16"), IPv6Network("2001::/23"))
_TRANSLATED_4 = IPv4Network("192.88.99.0/24")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet.

    Raises:
        ValueError: `address` is not an IP address.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if parsed not in _GLOBAL_UNICAST or any(parsed in network for network in _TRANSLATED_6):
            return False
    elif parsed in _TRANSLATED_4:
        return False
    return parsed.is_global and not parsed.is_multicast


def client_bucket(address: str, *, include_private: bool = False) -> str | None:
    """What counts as one client in limits per address: an IPv4 address, or the /64 that an IPv6 subscriber gets.

    Args:
        address: IP address of the client.
        include_private: whether private addresses count too. Otherwise they give None: behind a private address
            there is usually a proxy that many clients share.

    Raises:
        ValueError: `address` is not an IP address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if not include_private and not is_public(str(parsed)):
        return None
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
