"""The network that a signature came from. We keep only its hash, for a short time, to limit first emails per network.

A first email is the first email that a signature gets. If one network sends many signatures, their first emails wait.
"""

from collections.abc import Mapping
from datetime import datetime
from socket import AF_INET, AF_INET6, inet_pton

from chalicelib.core.address import oldest_secret, pseudonym

# In bytes: /24 and /48. Such a network may belong to one customer, or all users of a school or phone company share it.
IPV4_PREFIX_LENGTH, IPV6_PREFIX_LENGTH = 3, 6
# An IPv4 address that is written as IPv6 begins with these bytes.
MAPPED_IPV4 = bytes(10) + b"\xff\xff"
# How 127.0.0.0/8 and the network of ::1 begin. With `make run`, all requests come from there, so they have no limit.
# On AWS, no request does: API Gateway and CloudFront see the address on the internet that it came from.
LOOPBACK = (b"\x7f", bytes(IPV6_PREFIX_LENGTH))


def network_of(address: str) -> bytes:
    """Return the prefix of the address's network; empty if `address` is not an IP address.

    Signing calls this, so do not use `ipaddress`, which is slower.
    """
    for family in (AF_INET, AF_INET6):
        try:
            packed = inet_pton(family, address)
        except (OSError, ValueError):
            continue
        packed = packed.removeprefix(MAPPED_IPV4)
        is_ipv6 = len(packed) == 16  # Without MAPPED_IPV4, an IPv4 address has 4 bytes.
        prefix_length = IPV6_PREFIX_LENGTH if is_ipv6 else IPV4_PREFIX_LENGTH
        return packed[:prefix_length]
    return b""


def network_hash(address: str, now: datetime, secrets: Mapping[str, str]) -> str | None:
    """Return the hash of the network and the day. None: no limit, for loopback and if `address` is no IP address.

    The day is in the hash, so that nobody can compare the networks of two days. A new secret must not change the hash
    within a day, so use the oldest one.
    """
    network = network_of(address)
    if not network or network.startswith(LOOPBACK):
        return None
    day = f"{now:%Y-%m-%d}"
    return pseudonym(oldest_secret(secrets), "network", day, network.hex())
