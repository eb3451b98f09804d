"""Which IP addresses are of the open internet. What is done with them is for others to say."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

# Only these are given out to hosts of the open internet (RFC 4291, 2.4); translators live outside, but for one.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# They carry an IPv4 address to a host that translates, so what looks global may end anywhere.
_TRANSLATED_6 = (IPv6Network("2002::/16"), IPv6Network("2001::/23"))
_TRANSLATED_4 = IPv4Network("192.88.99.0/24")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found not in _GLOBAL_UNICAST or any(found in network for network in _TRANSLATED_6):
            return False
    elif found in _TRANSLATED_4:
        return False
    return found.is_global and not found.is_multicast
