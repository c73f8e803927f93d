"""Signed tokens for links in emails, statements of a count, and previews. Checking one reads no table.

The functions import itsdangerous themselves: signing a petition needs no token, and its cold start must be fast.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core import keys
from chalicelib.core.errors import LinkDamaged, LinkExpired, OptOutLinkExpired
from chalicelib.core.keys import Key

if TYPE_CHECKING:
    from itsdangerous import Signer

CONFIRM_LIFETIME = timedelta(days=14)
# Withdrawing must be as easy as signing (GDPR 7.3) for as long as we may keep the signature.
WITHDRAW_LIFETIME = timedelta(days=3 * 365)


class Purpose(StrEnum):
    """What a token is for. UNSUBSCRIBE stops the updates of a petition. STOP stops all email about the petition."""

    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    UNSUBSCRIBE = "unsubscribe"
    STOP = "stop"
    STATEMENT = "statement"
    PREVIEW = "preview"
    # All signatures of an address, and the new address's consent to move them there.
    MY_SIGNATURES = "my-signatures"
    # Also the path of the page that the link opens.
    MOVE = "my-signatures/move"
    INVITATION = "staff/invitation"


class Subject(NamedTuple):
    """The signature that a link is about. The link has country and source, so that confirming needs no read first."""

    slug: str
    signature_id: str
    country: str
    source: str

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)


def read(purpose: Purpose, token: str, now: datetime, secrets: dict[str, str]) -> Subject:
    """Raise LinkExpired, or LinkDamaged if we did not issue the token for this purpose."""
    payload, expires = payload_of(purpose, token, secrets)
    subject = Subject(*payload)
    if now >= expires:
        # Every other link about a signature is to withdraw, or to get fewer emails.
        error_class = LinkExpired if purpose is Purpose.CONFIRM else OptOutLinkExpired
        raise error_class(subject.slug, subject.signature_id)
    return subject


def issue(purpose: Purpose, payload: tuple[str, ...], expires: datetime, secrets: dict[str, str]) -> str:
    """No text may have ~, a dot or a character that URLs escape."""
    expires_in_hex = f"{int(expires.timestamp()):x}"
    return seal(purpose, "~".join((*payload, expires_in_hex)), secrets)


def payload_of(purpose: Purpose, token: str, secrets: dict[str, str]) -> tuple[list[str], datetime]:
    """Return the texts and the expiry time, even if it is over. Raise LinkDamaged if the token is not ours."""
    *payload, expires_in_hex = unseal(purpose, token, secrets).split("~")
    return payload, datetime.fromtimestamp(int(expires_in_hex, 16), UTC)


def seal(purpose: Purpose, payload: str, secrets: dict[str, str]) -> str:
    """Return readable payload and HMAC. `payload` must have no dot and no character that URLs escape."""
    return _signer(purpose, secrets).sign(payload).decode()


def unseal(purpose: Purpose, token: str, secrets: dict[str, str]) -> str:
    """Raise LinkDamaged if we did not seal the payload for this purpose."""
    from itsdangerous import BadData
    from itsdangerous.encoding import base64_decode, base64_encode

    token = token.strip()  # Copying a link may add spaces.
    try:
        payload = _signer(purpose, secrets).unsign(token).decode()
        mac = token.rpartition(".")[2]
        is_canonical = base64_encode(base64_decode(mac)).decode() == mac
    except (BadData, UnicodeError) as error:
        raise LinkDamaged from error
    # Other base64 texts may decode to the same MAC. Reject them, so that a changed link is always reported as damaged.
    if not is_canonical:
        raise LinkDamaged
    return payload


def _signer(purpose: Purpose, secrets: dict[str, str]) -> "Signer":
    """The newest key, the last, signs. Every key verifies, so a new key breaks no link."""
    from itsdangerous import Signer

    return Signer(list(secrets.values()), salt=f"petitions.{purpose}", digest_method=sha256)
