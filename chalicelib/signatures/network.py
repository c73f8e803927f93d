"""The network that a signature came from, and the domain of its address: as hashes that change every day.

If one network sends many signatures, their first emails wait (mail.turns). If a network or domain signs at an unusual
rate, its signatures need a proof of work (held.py).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING

from chalicelib.core.address import oldest_secret, pseudonym

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# In bytes: /24 and /48, of one customer, or of all users of a school or phone company.
IPV4_PREFIX_LENGTH, IPV6_PREFIX_LENGTH = 3, 6
MAPPED_IPV4 = bytes(10) + b"\xff\xff"
# 127.0.0.0/8 and ::1 have no limit: `make run`. On AWS, no request comes from there.
LOOPBACK = (b"\x7f", bytes(IPV6_PREFIX_LENGTH))


def network_of(address: str) -> bytes:
    """Return the prefix of the address's network, or b"" if it is no IP address. `ipaddress` would slow signing."""
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

    Nobody can compare the networks of two days. A new secret must not change the hash within a day: use the oldest.
    """
    network = network_of(address)
    if not network or network.startswith(LOOPBACK):
        return None
    return _hash_of_day("network", network.hex(), now, secrets)


def domain_hash(domain: str, now: datetime, secrets: Mapping[str, str]) -> str:
    return _hash_of_day("domain", registered_domain(domain), now, secrets)


def registered_domain(domain: str) -> str:
    """Return the part that somebody registered, and owns with all subdomains."""
    return _public_suffixes().privatesuffix(domain) or domain


@cache
def _public_suffixes() -> "PublicSuffixList":
    # Reading the list takes 50 ms: in a process that signs, only while a network or domain is watched.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _hash_of_day(purpose: str, name: str, now: datetime, secrets: Mapping[str, str]) -> str:
    return pseudonym(oldest_secret(secrets), purpose, f"{now:%Y-%m-%d}", name)
