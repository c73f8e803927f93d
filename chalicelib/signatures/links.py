"""The links in a mail: GET shows, POST acts (mail scanners open every link). Each as often as one likes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalice.app import Blueprint, Request, Response

from chalicelib import log, moments, tokens
from chalicelib.aws.table import tables
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import FORM, form_fields, query
from chalicelib.errors import FieldError, Invalid, LinkDamaged
from chalicelib.petitions.find import find_petition, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.settings import settings
from chalicelib.signatures.confirm import confirm, read_corrections, restate
from chalicelib.signatures.model import Signature, State
from chalicelib.signatures.names import countries
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from chalicelib.tokens import WITHDRAW_LIFETIME, Purpose, Subject

routes = Blueprint(__name__)

AFTERWARDS = {State.CONFIRMED: "confirmed.html", State.WITHDRAWN: "withdrawn.html"}


@routes.route("/confirm")
@page_view(routes)
def show_confirmation(request: Request) -> Response:
    """What is signed and agreed to, for its owner to confirm or correct. Once confirmed, nothing personal."""
    now = moments.now()
    token, subject = _link(request, Purpose.CONFIRM, query(request, "token"), now)
    petition = find_petition(subject.slug, now, tables())
    signature = restate(subject, petition, now, tables())
    if signature.state is State.PENDING:
        return _restated(request, petition, subject, token, signature)
    return page(request, AFTERWARDS[signature.state], {"petition": petition})


@routes.route("/confirm", methods=["POST"], content_types=["*/*"])
@page_view(routes)
def confirm_signature(request: Request) -> Response:
    """Count it, once; again is the same page."""
    now = moments.now()
    fields = _fields(request)
    token, subject = _link(request, Purpose.CONFIRM, fields.get("token"), now)
    petition = find_petition(subject.slug, now, tables())
    try:
        corrections = read_corrections(fields, subject.country)
    except Invalid as invalid:
        signature = restate(subject, petition, now, tables())
        return _restated(request, petition, subject, token, signature, fields, invalid.errors)
    state = confirm(subject, corrections, petition, now, tables())
    log.event("confirmed", petition=subject.slug, signature=subject.signature_id, state=state)
    return page(request, AFTERWARDS[state], {"petition": petition})


@routes.route("/withdraw")
@page_view(routes)
def show_withdrawal(request: Request) -> Response:
    return _asked(request, Purpose.WITHDRAW, "withdraw.html")


@routes.route("/withdraw", methods=["POST"], content_types=["*/*"])
@page_view(routes)
def withdraw_signature(request: Request) -> Response:
    """Name and address go; the count goes down if it had gone up."""
    subject, petition = _acted(request, Purpose.WITHDRAW)
    withdraw(petition, subject.signature_id, moments.now(), tables())
    log.event("withdrawn", petition=subject.slug, signature=subject.signature_id)
    return page(request, "withdrawn.html", {"petition": petition})


@routes.route("/unsubscribe")
@page_view(routes)
def show_unsubscription(request: Request) -> Response:
    return _asked(request, Purpose.UNSUBSCRIBE, "unsubscribe.html")


@routes.route("/unsubscribe", methods=["POST"], content_types=["*/*"])
@page_view(routes)
def unsubscribe_from_updates(request: Request) -> Response:
    """From the page's button, or from a mail program in one click (RFC 8058)."""
    subject, petition = _acted(request, Purpose.UNSUBSCRIBE)
    unsubscribe(subject.slug, subject.signature_id, tables())
    log.event("unsubscribed", petition=subject.slug, signature=subject.signature_id)
    return page(request, "unsubscribed.html", {"petition": petition})


def _asked(request: Request, purpose: Purpose, template: str) -> Response:
    token, subject = _link(request, purpose, query(request, "token"), moments.now())
    petition = petition_as_stored(subject.slug, tables())
    return page(request, template, {"petition": petition, "token": token})


def _acted(request: Request, purpose: Purpose) -> tuple[Subject, Petition]:
    """Removed and closed petitions too: who wants out gets out."""
    _, subject = _link(request, purpose, _fields(request).get("token"), moments.now())
    return subject, petition_as_stored(subject.slug, tables())


def _fields(request: Request) -> dict[str, str]:
    """A mail program's one-click POST has the token in the URL, and a body of any form type."""
    token = query(request, "token")
    in_url = {"token": token} if token else {}
    content_type = request.headers.get("content-type") or ""
    return {**in_url, **form_fields(request)} if content_type.startswith(FORM) else in_url


def _link(request: Request, purpose: Purpose, token: str | None, now: datetime) -> tuple[str, Subject]:
    if not token:
        raise LinkDamaged
    return token, tokens.read(purpose, token, now, settings().token_keys)


def _restated(
    request: Request,
    petition: Petition,
    subject: Subject,
    token: str,
    signature: Signature,
    typed: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
) -> Response:
    expires = moments.now() + WITHDRAW_LIFETIME
    form = _typed(typed) if typed else _signed(signature)
    context = {
        "petition": petition,
        "token": token,
        "withdraw_token": tokens.issue(Purpose.WITHDRAW, subject, expires, settings().token_keys),
        "email": signature.email,
        "country": countries().get(signature.country or "", ""),
        "form": form,
        "errors": errors,
    }
    return page(request, "confirm.html", context, 422 if errors else 200)


def _signed(signature: Signature) -> dict[str, str]:
    return {
        "name": signature.name or "",
        "postcode": signature.postcode or "",
        "updates": "yes" if signature.updates else "",
    }


def _typed(fields: Mapping[str, str]) -> dict[str, str]:
    """An unticked box sends the "no" of the hidden field before it."""
    return {**fields, "updates": "yes" if fields.get("updates") == "yes" else ""}
