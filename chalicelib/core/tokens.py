"""Signed tokens for links in emails, statements and previews: verified in constant time, never stored.

itsdangerous is imported where it is used, because signing a petition needs no token and the import would slow
down its cold start.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core import keys
from chalicelib.core.errors import LinkDamaged, LinkExpired
from chalicelib.core.keys import Key

if TYPE_CHECKING:
    from itsdangerous import Signer

CONFIRM_LIFETIME = timedelta(days=14)
# Withdrawing must be as easy as signing (GDPR 7.3) for as long as the signature may be kept.
WITHDRAW_LIFETIME = timedelta(days=3 * 365)


class Purpose(StrEnum):
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    UNSUBSCRIBE = "unsubscribe"
    STOP = "stop"
    STATEMENT = "statement"
    PREVIEW = "preview"


class Subject(NamedTuple):
    """The signature that an email's link names. With country and source, so that confirming needs no read first."""

    slug: str
    signature_id: str
    country: str
    source: str

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)


def read(purpose: Purpose, token: str, now: datetime, secrets: dict[str, str]) -> Subject:
    """Return a link's subject. Raise LinkDamaged if we did not issue it for this purpose, LinkExpired if it expired."""
    payload, expires = payload_of(purpose, token, secrets)
    subject = Subject(*payload)
    if now >= expires:
        raise LinkExpired(subject.slug, subject.signature_id)
    return subject


def issue(purpose: Purpose, payload: tuple[str, ...], expires: datetime, secrets: dict[str, str]) -> str:
    """Return a token of these texts and an expiry time. The texts have no ~, no dot and nothing that URLs escape."""
    return seal(purpose, "~".join((*payload, f"{int(expires.timestamp()):x}")), secrets)


def payload_of(purpose: Purpose, token: str, secrets: dict[str, str]) -> tuple[list[str], datetime]:
    """Return the texts of an issued token, and when it expires. Raise LinkDamaged, but accept an expired token."""
    *payload, expires = unseal(purpose, token, secrets).split("~")
    return payload, datetime.fromtimestamp(int(expires, 16), UTC)


def seal(purpose: Purpose, payload: str, secrets: dict[str, str]) -> str:
    """Return payload and signature, not encrypted. The payload has no dots and no characters that URLs escape."""
    return _signer(purpose, secrets).sign(payload).decode()


def unseal(purpose: Purpose, token: str, secrets: dict[str, str]) -> str:
    """Return the payload. Raise LinkDamaged if we did not seal it for this purpose."""
    from itsdangerous import BadData
    from itsdangerous.encoding import base64_decode, base64_encode

    token = token.strip()
    try:
        payload = _signer(purpose, secrets).unsign(token).decode()
        signature = token.rpartition(".")[2]
        is_canonical = base64_encode(base64_decode(signature)).decode() == signature
    except (BadData, UnicodeError) as error:
        raise LinkDamaged from error
    # base64 has spare bits, and Python ignores invalid characters: reject links that were changed this way.
    if not is_canonical:
        raise LinkDamaged
    return payload


def _signer(purpose: Purpose, secrets: dict[str, str]) -> "Signer":
    """Return the signer. The newest key signs and every key verifies, so a rotation breaks no link."""
    from itsdangerous import Signer

    return Signer(list(secrets.values()), salt=f"petitions.{purpose}", digest_method=sha256)
