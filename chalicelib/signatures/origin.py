"""The origin of a signature: who obtained it, with which wording, through which channel, and from which network.

We keep only the hash of the network, for a short time. If one network sends many signatures, their first emails wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from socket import AF_INET, AF_INET6, inet_pton

from chalicelib.core.pseudonyms import oldest_secret, pseudonym
from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MailKind

# In bytes: /24 and /48, of one customer, or of all users of a school or phone company.
IPV4_PREFIX_LENGTH, IPV6_PREFIX_LENGTH = 3, 6
MAPPED_IPV4 = bytes(10) + b"\xff\xff"
# 127.0.0.0/8 and ::1 have no limit: `make run`. On AWS, no request comes from there.
LOOPBACK = (b"\x7f", bytes(IPV6_PREFIX_LENGTH))


@dataclass(frozen=True)
class Origin:
    """All fields are stored with the signature.

    `obtained_by`: the name of the charity or partner. `channel`: form, embed, api, partner, osdi or import.
    `consent_version`: of the wording that the person agreed to. `source`: the campaign or site that the person came
    from. `mail_kind`: which email with a link to confirm `sign` requests. `receipt`: the digest of the partner's
    receipt. `counts_at_once`: this receipt makes the signature count, without our email. `network`: the hash of the
    client's network, stored only with a mail request.
    """

    obtained_by: str
    channel: str
    consent_version: str
    source: str = DIRECT
    mail_kind: MailKind | None = MailKind.CONFIRM
    receipt: str | None = None
    counts_at_once: bool = False
    network: str | None = None


def own_origin(petition: Petition, channel: str, source: str | None, network: str | None = None) -> Origin:
    """Return the origin of a signature that the charity obtained here, with the wording of the petition."""
    return Origin(petition.charity, channel, petition.consent_version, source or DIRECT, network=network)


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
    day = f"{now:%Y-%m-%d}"
    return pseudonym(oldest_secret(secrets), "network", day, network.hex())
