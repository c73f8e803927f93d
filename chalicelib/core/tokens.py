"""Signed tokens for links in emails, statements and previews: verified in constant time, never stored.

itsdangerous is imported where it is used, because signing a petition needs no token and the import would slow
down its cold start.
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
# Withdrawing must be as easy as signing (GDPR 7.3) for as long as the signature may be kept.
WITHDRAW_LIFETIME = timedelta(days=3 * 365)
PREVIEW_LIFETIME = timedelta(hours=1)


class Purpose(StrEnum):
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    UNSUBSCRIBE = "unsubscribe"
    STATEMENT = "statement"
    PREVIEW = "preview"


# Purposes of the links in a signature's emails.
LINKS = (Purpose.CONFIRM, Purpose.WITHDRAW, Purpose.UNSUBSCRIBE)


@dataclass(frozen=True)
class Subject:
    """The signature of a link. It includes country and source, so that confirming needs no read before its write."""

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
    """Return the subject. Raise LinkDamaged if we did not sign it for this purpose, LinkExpired if it has expired."""
    slug, signature_id, country, source, expires = unseal(purpose, token, secrets).split("~")
    if now >= datetime.fromtimestamp(int(expires, 16), UTC):
        raise LinkExpired(slug, signature_id)
    return Subject(slug, signature_id, country, source)


def seal(purpose: Purpose, payload: str, secrets: dict[str, str]) -> str:
    """Return payload and signature, not encrypted. The payload must have no dots and no characters that URLs escape."""
    return _signer(purpose, secrets).sign(payload).decode()


def unseal(purpose: Purpose, token: str, secrets: dict[str, str]) -> str:
    """Return the payload. Raise LinkDamaged if we did not seal it for this purpose."""
    from itsdangerous import BadData
    from itsdangerous.encoding import base64_decode, base64_encode

    token = token.strip()
    try:
        payload = _signer(purpose, secrets).unsign(token).decode()
        is_canonical = base64_encode(base64_decode(token.rpartition(".")[2])).decode() == token.rpartition(".")[2]
    except (BadData, UnicodeError) as error:
        raise LinkDamaged from error
    # base64 has spare bits, and Python ignores invalid characters: reject links that were changed this way.
    if not is_canonical:
        raise LinkDamaged
    return payload


def _signer(purpose: Purpose, secrets: dict[str, str]) -> "Signer":
    """The newest key signs and every key verifies, so a rotation breaks no link that was already sent."""
    from itsdangerous import Signer

    return Signer(list(secrets.values()), salt=f"petitions.{purpose}", digest_method=sha256)
