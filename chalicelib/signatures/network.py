"""The network that a signature came from: a hash with a short life, only to limit first emails."""

from collections.abc import Mapping
from datetime import datetime
from socket import AF_INET, AF_INET6, inet_pton

from chalicelib.core.pseudonyms import oldest_secret, pseudonym

# In bytes: /24 and /48. One customer of a provider may have such a network; a school or a phone company shares one.
IPV4_PREFIX, IPV6_PREFIX = 3, 6
# An IPv4 address written as IPv6.
MAPPED = bytes(10) + b"\xff\xff"


def network_of(address: str) -> bytes:
    """Return the network's prefix; empty if this is not an IP address. Faster than `ipaddress`: signing calls it."""
    for family in (AF_INET, AF_INET6):
        try:
            packed = inet_pton(family, address)
        except (OSError, ValueError):
            continue
        packed = packed.removeprefix(MAPPED)
        return packed[: IPV6_PREFIX if len(packed) == 16 else IPV4_PREFIX]
    return b""


def network_hash(address: str, now: datetime, secrets: Mapping[str, str]) -> str | None:
    """Return the hash of the network and the day, or None. Hashes of two days cannot be compared."""
    network = network_of(address)
    return pseudonym(oldest_secret(secrets), "network", f"{now:%Y-%m-%d}", network.hex()) if network else None
