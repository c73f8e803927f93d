"""The pages of the stop link: the link in our emails that stops all email about a petition.

GET shows a page with a button. The button sends a POST, which stops all email about the petition, or resumes it.
"""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import log, times, tokens
from chalicelib.core.errors import LinkDamaged, OptOutLinkExpired
from chalicelib.core.settings import settings
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.edge.html import link_view
from chalicelib.edge.http import link_fields, query
from chalicelib.mail.budget import Choice, is_stopped, resume, stop
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.page import page_about

if TYPE_CHECKING:
    from chalicelib.edge.answers import Sent
    from chalicelib.signatures.answers import StopFields

routes = Blueprint(__name__)


class StopLink(NamedTuple):
    """A verified link. `choice`: what it stops. `subject`: the signature that it also unsubscribes from updates."""

    token: str
    subject: Subject
    choice: Choice
    petition: Petition


@link_view(routes, "GET", "/stop", query=("token",))
def show_stop(request: Request) -> Response:
    """Show which email will stop.

    Shows a page and changes nothing, because email scanners open every link.

    Answer: The petition, with a button; or a note that email about the petition is already stopped.
    """
    link = _link(query(request, "token"), times.now())
    template = "stopped.html" if is_stopped(link.choice, tables()) else "stop.html"
    return page_about(link.petition, request, template, {"token": link.token})


@link_view(routes, "POST", "/stop", query=("token",))
def stop_emails(request: "Sent[StopFields | None]") -> Response:
    """Stop all email about a petition.

    The address gets no more email about this petition, until its owner or staff allow email again. The signature
    stays. `emails=again` allows email again.

    Answer: Stopped, or allowed again. Repeating gives the same page.
    """
    now, fields = times.now(), link_fields(request)
    link = _link(fields.get("token"), now)
    wants_email_again = fields.get("emails") == "again"  # The button of the template stopped.html sends this.
    if wants_email_again:
        resume(link.choice, now, tables())
        event, template = "resumed", "resumed.html"
    else:
        stop(link.choice, link.subject, now, tables())
        event, template = "stopped", "stopped.html"
    log.note(event, petition=link.subject.slug, signature=link.subject.signature_id)
    return page_about(link.petition, request, template, {"token": link.token})


def _link(token: str | None, now: datetime) -> StopLink:
    """Return the link, even if the petition is closed or removed. Raise LinkDamaged or OptOutLinkExpired."""
    if not token:
        raise LinkDamaged
    payload, expires = tokens.payload_of(Purpose.STOP, token, settings().token_keys)
    slug, signature_id, address_id, petition_hash = payload
    if now >= expires:
        raise OptOutLinkExpired(slug, signature_id)
    # To stop email, only the signature's key is needed.
    subject = Subject(slug, signature_id, country="", source=DIRECT)
    choice = Choice(address_id, petition_hash)
    return StopLink(token, subject, choice, petition_as_stored(slug, tables()))
