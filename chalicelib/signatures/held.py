"""Whether a new signature is held: stored and answered like any other, but not counted until staff release it.

Only signatures from our own form and API: a partner answers for what it sends.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core.address import LARGE_PROVIDERS
from chalicelib.shedding.watch import watch_now
from chalicelib.signatures.model import HeldReason
from chalicelib.signatures.network import domain_hash


class Signer(NamedTuple):
    """Who signs what: the petition, the canonical address, and the hash of the network."""

    slug: str
    address: str
    network: str | None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def reason_to_hold(
    signer: Signer, proof: str | None, now: datetime, secrets: Mapping[str, str], tables: Tables
) -> HeldReason | None:
    """Return why the signature is held, or None. Reads nothing but the cached watch."""
    if is_disposable(signer.domain):
        return HeldReason.DISPOSABLE
    reason = reason_for_proof(signer, now, secrets, tables)
    if reason and proof:
        # Imported here because it takes tens of milliseconds, and usually nobody needs a proof.
        from chalicelib.signatures.proof import is_proof

        return None if is_proof(proof, signer.slug, signer.address, now, secrets) else reason
    return reason


def reason_for_proof(signer: Signer, now: datetime, secrets: Mapping[str, str], tables: Tables) -> HeldReason | None:
    """Return why the signature needs a proof of work, or None if it needs none."""
    watch = watch_now(tables)
    if watch.has(signer.network, now):
        return HeldReason.NETWORK
    is_large = signer.domain in LARGE_PROVIDERS
    if watch.until and not is_large and watch.has(domain_hash(signer.domain, now, secrets), now):
        return HeldReason.DOMAIN
    return HeldReason.NO_PROOF if watch.is_asked_for(signer.slug) else None


def is_disposable(domain: str) -> bool:
    """Return whether the domain, or one that it is a part of, gives anybody an address for minutes."""
    if domain in LARGE_PROVIDERS:
        return False
    # Imported here because it takes 3 ms of a cold start. With a large provider, it is never needed.
    from disposable_email_domains import blocklist

    while "." in domain:
        if domain in blocklist:
            return True
        domain = domain.partition(".")[2]
    return False
