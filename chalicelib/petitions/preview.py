"""Preview links: for an hour, anyone with the link sees the stored petition, in any state."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import tokens
from chalicelib.core.errors import LinkDamaged, UnknownThing
from chalicelib.core.tokens import Purpose
from chalicelib.petitions.model import Petition

PREVIEW_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class PreviewLink:
    path: str
    expires_at: datetime


def preview_link(petition: Petition, now: datetime, secrets: dict[str, str]) -> PreviewLink:
    expires_at = now + PREVIEW_LIFETIME
    token = tokens.issue(Purpose.PREVIEW, (petition.slug,), expires_at, secrets)
    return PreviewLink(f"/petitions/{petition.slug}?preview={token}", expires_at)


def check_preview(slug: str, token: str, now: datetime, secrets: dict[str, str]) -> None:
    """Raise UnknownThing unless `token` is a valid, unexpired preview token of this petition."""
    try:
        payload, expires = tokens.payload_of(Purpose.PREVIEW, token, secrets)
    except LinkDamaged:
        payload, expires = [], now  # Refused below, like an expired token.
    if payload != [slug] or now >= expires:
        raise UnknownThing("This preview link has expired or is incomplete. Ask for a new one.")
