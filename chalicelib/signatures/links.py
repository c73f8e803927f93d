"""The links in a mail: GET shows, POST acts (mail scanners open every link). Each as often as one likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import log, times, tokens
from chalicelib.core.countries import countries
from chalicelib.core.errors import FieldError, Invalid, LinkDamaged, LinkExpired
from chalicelib.core.settings import settings
from chalicelib.core.tokens import WITHDRAW_LIFETIME, Purpose, Subject
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import FORM, content_type, form_fields, query
from chalicelib.petitions.find import find_petition, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import check_version, confirm, read_corrections, restate, settled
from chalicelib.signatures.model import Signature, State
from chalicelib.signatures.withdraw import unsubscribe, withdraw

routes = Blueprint(__name__)

AFTERWARDS = {State.CONFIRMED: "confirmed.html", State.WITHDRAWN: "withdrawn.html"}


@dataclass(frozen=True)
class Link:
    """A verified link from a mail."""

    token: str
    subject: Subject
    petition: Petition


@routes.route("/confirm")
@page_view(routes)
def show_confirmation(request: Request) -> Response:
    """What is signed and agreed to, for its owner to confirm or correct. Once confirmed, nothing personal."""
    now = times.now()
    try:
        link = _confirm_link(query(request, "token"), now)
        return _shown(request, link, restate(link.subject, link.petition, now, tables()))
    except LinkExpired as expired:
        return _settled(request, expired)


@routes.route("/confirm", methods=["POST"], content_types=["*/*"])
@page_view(routes)
def confirm_signature(request: Request) -> Response:
    """Count it, once; again is the same page."""
    token = query(request, "token")
    fields = {**({"token": token} if token else {}), **form_fields(request)}
    try:
        return _confirmed(request, fields, times.now())
    except LinkExpired as expired:
        return _settled(request, expired)


@routes.route("/withdraw")
@page_view(routes)
def show_withdrawal(request: Request) -> Response:
    """What taking back means, and the button for it."""
    return _asked(request, Purpose.WITHDRAW, "withdraw.html")


@routes.route("/withdraw", methods=["POST"], content_types=["*/*"])
@page_view(routes)
def withdraw_signature(request: Request) -> Response:
    """Name and address go; the count goes down if it had gone up."""
    link = _way_out(Purpose.WITHDRAW, _fields(request).get("token"))
    withdraw(link.subject.key, link.petition, times.now(), tables())
    log.note("withdrawn", petition=link.subject.slug, signature=link.subject.signature_id)
    return page(request, "withdrawn.html", {"petition": link.petition})


@routes.route("/unsubscribe")
@page_view(routes)
def show_unsubscription(request: Request) -> Response:
    """What unsubscribing means, and the button for it."""
    return _asked(request, Purpose.UNSUBSCRIBE, "unsubscribe.html")


@routes.route("/unsubscribe", methods=["POST"], content_types=["*/*"])
@page_view(routes)
def unsubscribe_from_updates(request: Request) -> Response:
    """From the page's button, or from a mail program in one click (RFC 8058)."""
    link = _way_out(Purpose.UNSUBSCRIBE, _fields(request).get("token"))
    unsubscribe(link.subject.key, tables())
    log.note("unsubscribed", petition=link.subject.slug, signature=link.subject.signature_id)
    return page(request, "unsubscribed.html", {"petition": link.petition})


def _confirmed(request: Request, fields: Mapping[str, str], now: datetime) -> Response:
    link, version = _confirm_link(fields.get("token"), now), fields.get("version")
    try:
        check_version(version, link.petition)
        corrections = read_corrections(fields, link.subject.country)
        state = confirm(link.subject, corrections, link.petition, now, tables(), restated=version is not None)
    except Invalid as invalid:
        signature = restate(link.subject, link.petition, now, tables())
        return _shown(request, link, signature, fields, invalid.errors)
    log.note("confirmed", petition=link.subject.slug, signature=link.subject.signature_id, state=state)
    return page(request, AFTERWARDS[state], {"petition": link.petition})


def _settled(request: Request, expired: LinkExpired) -> Response:
    """Its time is over; but what was done in time stays done, and again is the same page."""
    state = settled(expired, tables())
    if state is None:
        raise expired
    petition = find_petition(expired.slug, times.now(), tables())
    return page(request, AFTERWARDS[state], {"petition": petition})


def _confirm_link(token: str | None, now: datetime) -> Link:
    subject = _subject(Purpose.CONFIRM, token, now)
    return Link(token or "", subject, find_petition(subject.slug, now, tables()))


def _way_out(purpose: Purpose, token: str | None) -> Link:
    """Of closed and removed petitions too: who wants out gets out."""
    subject = _subject(purpose, token, times.now())
    return Link(token or "", subject, petition_as_stored(subject.slug, tables()))


def _subject(purpose: Purpose, token: str | None, now: datetime) -> Subject:
    if not token:
        raise LinkDamaged
    return tokens.read(purpose, token, now, settings().token_keys)


def _fields(request: Request) -> dict[str, str]:
    """A mail program's one-click POST has the token in the URL, and a body of any form type."""
    token = query(request, "token")
    in_url = {"token": token} if token else {}
    if token and content_type(request) != FORM:
        return in_url
    return {**in_url, **form_fields(request)}


def _asked(request: Request, purpose: Purpose, template: str) -> Response:
    link = _way_out(purpose, query(request, "token"))
    return page(request, template, {"petition": link.petition, "token": link.token})


def _shown(
    request: Request,
    link: Link,
    signature: Signature,
    typed: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
) -> Response:
    if signature.state is not State.PENDING:
        return page(request, AFTERWARDS[signature.state], {"petition": link.petition})
    context = {
        "petition": link.petition,
        "token": link.token,
        "withdraw_token": _withdraw_token(link.subject),
        "email": signature.email,
        "country": countries().get(signature.country or "", ""),
        "form": _typed(typed) if typed else _signed(signature),
        "errors": errors,
    }
    return page(request, "confirm.html", context, 422 if errors else 200)


def _withdraw_token(subject: Subject) -> str:
    expires = times.now() + WITHDRAW_LIFETIME
    return tokens.issue(Purpose.WITHDRAW, subject, expires, settings().token_keys)


def _signed(signature: Signature) -> dict[str, str]:
    return {
        "name": signature.name or "",
        "postcode": signature.postcode or "",
        "updates": "yes" if signature.updates else "",
    }


def _typed(fields: Mapping[str, str]) -> dict[str, str]:
    """An unticked box sends the "no" of the hidden field before it."""
    return {**fields, "updates": "yes" if fields.get("updates") == "yes" else ""}
