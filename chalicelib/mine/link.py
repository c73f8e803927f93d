"""What the link to "my signatures" opens: the signatures of one mailbox, without a login or a list of people.

The link names one signature, and has a hash of the mailbox to which it was emailed. We find the others through the
address of that signature. Two addresses can be one person for us, such as alice@ and alice+news@, and yet be mailboxes
of two people: so the link opens only signatures with exactly its own mailbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import tokens
from chalicelib.core.address import GMAIL, canonical_of, oldest_secret, pseudonym, read_address
from chalicelib.core.errors import OptOutLinkExpired
from chalicelib.core.settings import Settings
from chalicelib.core.tokens import Purpose
from chalicelib.petitions.find import cached_petitions, petition_as_stored
from chalicelib.signatures.look_up import StoredSignature, find_by_id, find_signatures, identities_of

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class Opened:
    """`signatures`: in the order of their petitions. [] if the signature that the link names has left the mailbox."""

    mailbox: str
    expires: datetime
    signatures: list[StoredSignature]


def mailbox_hash(address: str, limit_keys: Mapping[str, str]) -> str:
    """Only of Gmail do we know that different spellings are one mailbox."""
    lower = address.casefold()
    spelling = canonical_of(address) if lower.rpartition("@")[2] in GMAIL else lower
    return pseudonym(oldest_secret(limit_keys), "mailbox", spelling)


def link_token(found: StoredSignature, mailbox: str, expires: datetime, secrets: dict[str, str]) -> str:
    payload = (found.petition.slug, found.signature_id, mailbox)
    return tokens.issue(Purpose.MY_SIGNATURES, payload, expires, secrets)


def open_link(token: str, now: datetime, settings: Settings, tables: Tables) -> Opened:
    """Raise LinkDamaged or OptOutLinkExpired."""
    payload, expires = tokens.payload_of(Purpose.MY_SIGNATURES, token, settings.token_keys)
    slug, identity, mailbox = payload
    if now >= expires:
        raise OptOutLinkExpired(slug, identity)
    named = find_by_id(petition_as_stored(slug, tables), identity, now, tables)
    email = named.signature.email if named else None
    signatures = signatures_of(email, mailbox, now, settings, tables) if email else []
    return Opened(mailbox, expires, signatures)


def signatures_of(email: str, mailbox: str, now: datetime, settings: Settings, tables: Tables) -> list[StoredSignature]:
    """Return the signatures of this address that are in the mailbox, neither withdrawn nor expired."""
    identities = identities_of(read_address(email), cached_petitions(tables), settings.signature_keys)
    return [
        found
        for found in find_signatures(identities, now, tables)
        if not found.signature.is_withdrawn_or_expired(now)
        and mailbox_hash(found.signature.email or "", settings.limit_keys) == mailbox
    ]
