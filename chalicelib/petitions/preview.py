"""A link that shows a petition as it is stored, before it is published: to whoever has it, for an hour."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import tokens
from chalicelib.core.errors import LinkDamaged, LinkExpired, UnknownThing
from chalicelib.core.tokens import PREVIEW_LIFETIME, Purpose, Subject
from chalicelib.petitions.model import Petition


@dataclass(frozen=True)
class Preview:
    """The path of the page with its token, and until when it shows anything."""

    path: str
    expires_at: datetime


def preview_link(petition: Petition, now: datetime, secrets: dict[str, str]) -> Preview:
    expires_at = now + PREVIEW_LIFETIME
    token = tokens.issue(Purpose.PREVIEW, Subject(petition.slug, "", "", ""), expires_at, secrets)
    return Preview(f"/petitions/{petition.slug}?preview={token}", expires_at)


def check_preview(slug: str, token: str, now: datetime, secrets: dict[str, str]) -> None:
    """Raise UnknownThing for what is no link of ours to this petition, or no longer."""
    try:
        told = tokens.read(Purpose.PREVIEW, token, now, secrets).slug
    except (LinkDamaged, LinkExpired):
        told = ""
    if told != slug:
        raise UnknownThing("This preview is over, or its link is incomplete. Ask for a new one.")
