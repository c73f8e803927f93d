"""Signed tokens, verified in constant time and never stored: for the links in mails, and whatever else we vouch for.

itsdangerous is imported where it is used: signing a petition needs no token, and a cold start should not
pay for one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from chalicelib.core import keys
from chalicelib.core.errors import LinkDamaged, LinkExpired
from chalicelib.core.keys import Key

if TYPE_CHECKING:
    from itsdangerous import Signer

CONFIRM_LIFETIME = timedelta(days=14)
# Taking back must stay as easy as giving (GDPR 7.3) for as long as the signature may be kept.
WITHDRAW_LIFETIME = timedelta(days=3 * 365)
PREVIEW_LIFETIME = timedelta(hours=1)


class Purpose(StrEnum):
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    UNSUBSCRIBE = "unsubscribe"
    STATEMENT = "statement"
    PREVIEW = "preview"


# Those about one signature, which stand in its mails.
LINKS = (Purpose.CONFIRM, Purpose.WITHDRAW, Purpose.UNSUBSCRIBE)


@dataclass(frozen=True)
class Subject:
    """Whose link this is. Country and source ride along so that confirming needs no read before its write."""

    slug: str
    signature_id: str
    country: str
    source: str

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)


def issue(purpose: Purpose, subject: Subject, expires: datetime, secrets: dict[str, str]) -> str:
    payload = (
        subject.slug,
        subject.signature_id,
        subject.country,
        subject.source,
        f"{int(expires.timestamp()):x}",
    )
    return seal(purpose, "~".join(payload), secrets)


def read(purpose: Purpose, token: str, now: datetime, secrets: dict[str, str]) -> Subject:
    """Raise LinkDamaged for anything we did not sign for this purpose, LinkExpired when its time is over."""
    slug, signature_id, country, source, expires = unseal(purpose, token, secrets).split("~")
    if now >= datetime.fromtimestamp(int(expires, 16), UTC):
        raise LinkExpired(slug, signature_id)
    return Subject(slug, signature_id, country, source)


def seal(purpose: Purpose, payload: str, secrets: dict[str, str]) -> str:
    """The payload and its signature; it is not encrypted. No dots and nothing that a URL would escape, please."""
    return _signer(purpose, secrets).sign(payload).decode()


def unseal(purpose: Purpose, token: str, secrets: dict[str, str]) -> str:
    """Raise LinkDamaged for anything we did not seal for this purpose."""
    from itsdangerous import BadData
    from itsdangerous.encoding import base64_decode, base64_encode

    token = token.strip()
    try:
        payload = _signer(purpose, secrets).unsign(token).decode()
        is_canonical = base64_encode(base64_decode(token.rpartition(".")[2])).decode() == token.rpartition(".")[2]
    except (BadData, UnicodeError) as error:
        raise LinkDamaged from error
    # base64 has spare bits, and Python's reads over signs that are none: a changed link is a damaged one.
    if not is_canonical:
        raise LinkDamaged
    return payload


def _signer(purpose: Purpose, secrets: dict[str, str]) -> "Signer":
    """The newest key signs, every key verifies: a rotation breaks no link that is already in a mailbox."""
    from itsdangerous import Signer

    return Signer(list(secrets.values()), salt=f"petitions.{purpose}", digest_method=sha256)
