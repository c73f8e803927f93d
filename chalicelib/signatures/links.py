"""The pages behind the links in our emails. Mail scanners open every link (GET), so only a POST changes anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import log, times, tokens
from chalicelib.core.errors import FieldError, Invalid, LinkExpired
from chalicelib.core.language import language_of
from chalicelib.core.settings import settings
from chalicelib.core.tokens import CONFIRM_LIFETIME, WITHDRAW_LIFETIME, Purpose, Subject
from chalicelib.core.validation import is_ticked
from chalicelib.edge.html import link_view
from chalicelib.edge.http import FORM, chosen_language, content_type, link_fields, query
from chalicelib.petitions.find import find_petition, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.page import page_about
from chalicelib.signatures.confirm import (
    check_version,
    confirm,
    find_linked,
    read_corrections,
    state_of_expired_link,
)
from chalicelib.signatures.letter import corrected_letter
from chalicelib.signatures.letter_page import (
    check_member,
    form_values,
    letter_to,
    offered_letter,
    shown_letter,
    with_typed_values,
)
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.signatures.names import first_name
from chalicelib.signatures.withdraw import unsubscribe, withdraw

if TYPE_CHECKING:
    from chalicelib.edge.answers import Sent
    from chalicelib.signatures.answers import ConfirmFields, TokenFields

routes = Blueprint(__name__)

# Who signs for others learns nothing here: a held or removed signature looks like any other.
PAGE_OF_STATE = {
    **dict.fromkeys((SignatureState.CONFIRMED, SignatureState.HELD, SignatureState.REMOVED), "confirmed.html"),
    SignatureState.WITHDRAWN: "withdrawn.html",
}


@dataclass(frozen=True)
class Link:
    token: str
    subject: Subject
    petition: Petition


@dataclass(frozen=True)
class ConfirmLink(Link):
    issued: datetime


@link_view(routes, "GET", "/confirm", query=("token", "lang"))
def show_confirmation(request: Request) -> Response:
    """Show what will be confirmed.

    Shows a page and changes nothing, because email scanners open every link.

    Answer: The signature and its consents, with a button. After confirmation, the page shows no personal data.
    """
    now = times.now()
    try:
        link = _confirm_link(query(request, "token") or "", now)
        signature = find_linked(link.subject, link.petition, link.issued, now, tables())
        return _confirm_page(request, link, signature, now, typed={}, errors=())
    except LinkExpired as expired:
        return _page_of_expired_link(request, expired)


@link_view(routes, "POST", "/confirm", query=("token", "lang"))
def confirm_signature(request: "Sent[ConfirmFields | None]") -> Response:
    """Confirm and correct a signature.

    Counts the signature once. Fields in the body replace the fields that were sent with the signature. Without
    `updates` and a letter, the person agrees to neither.

    Answer: Confirmed. Repeating gives the same page.
    """
    fields = link_fields(request)
    try:
        return _confirm_and_answer(request, fields, times.now())
    except LinkExpired as expired:
        return _page_of_expired_link(request, expired)


@link_view(routes, "GET", "/withdraw", query=("token", "lang"))
def show_withdrawal(request: Request) -> Response:
    """Show what will be withdrawn.

    Shows a page and changes nothing, because email scanners open every link.

    Answer: What will be removed, with a button.
    """
    return _opt_out_page(request, Purpose.WITHDRAW, "withdraw.html")


@link_view(routes, "POST", "/withdraw", query=("token", "lang"))
def withdraw_signature(request: "Sent[TokenFields | None]") -> Response:
    """Withdraw a signature.

    Removes the name and the address. A confirmed signature is subtracted from the count.

    Answer: Withdrawn. Repeating gives the same page.
    """
    link = _opt_out_link(Purpose.WITHDRAW, _fields(request).get("token", ""))
    withdraw(link.subject.key, link.petition, times.now(), tables())
    log.note("withdrawn", petition=link.subject.slug, signature=link.subject.signature_id)
    return page_about(link.petition, request, "withdrawn.html", {})


@link_view(routes, "GET", "/unsubscribe", query=("token", "lang"))
def show_unsubscription(request: Request) -> Response:
    """Show what will be unsubscribed.

    Shows a page and changes nothing, because email scanners open every link.

    Answer: The updates that will stop, with a button.
    """
    return _opt_out_page(request, Purpose.UNSUBSCRIBE, "unsubscribe.html")


@link_view(routes, "POST", "/unsubscribe", query=("token", "lang"))
def unsubscribe_from_updates(request: "Sent[TokenFields | None]") -> Response:
    """Stop updates.

    Sent by the page's button, or by an email program's one-click unsubscribe (RFC 8058), which sends the token in
    the URL and a body of any form type. The signature stays.

    Answer: Stopped. Repeating gives the same page.
    """
    link = _opt_out_link(Purpose.UNSUBSCRIBE, _fields(request).get("token", ""))
    unsubscribe(link.subject.key, times.now(), tables())
    log.note("unsubscribed", petition=link.subject.slug, signature=link.subject.signature_id)
    return page_about(link.petition, request, "unsubscribed.html", {})


def _confirm_and_answer(request: Request, fields: Mapping[str, str], now: datetime) -> Response:
    link = _confirm_link(fields.get("token", ""), now)
    version = fields.get("version")
    try:
        check_version(version, link.petition)
        corrections = read_corrections(fields, link.subject.country)
        check_member(fields, corrections, link.subject.country)
        # The form has a version only if the page showed the petition's texts. Store which texts the person agreed to.
        also = corrected_letter(fields, link.petition)
        if version is not None:
            also |= {"text_version": link.petition.text_version, "consent_version": link.petition.consent_version}
        done = confirm(link.subject, corrections, link.petition, now, tables(), also=also, issued=link.issued)
    except Invalid as invalid:
        signature = find_linked(link.subject, link.petition, link.issued, now, tables())
        return _confirm_page(request, link, signature, now, typed=fields, errors=invalid.errors)
    log.note("confirmed", petition=link.subject.slug, signature=link.subject.signature_id, state=done.state)
    to = letter_to(link.petition, fields) if done.sends_letter else []
    context = {
        "first_name": first_name(fields.get("name", "")),
        "letter_to": to,
        "gets_updates": done.gets_updates,
        "asked_for_updates": is_ticked(fields, "updates"),
        "updates_token": link.token,
        "was_edited": False,
    }
    return page_about(link.petition, request, PAGE_OF_STATE[done.state], context)


def _page_of_expired_link(request: Request, expired: LinkExpired) -> Response:
    state = state_of_expired_link(expired, tables())
    if state is None:
        raise expired
    petition = find_petition(expired.slug, times.now(), tables())
    return page_about(petition, request, PAGE_OF_STATE[state], {})


def _confirm_link(token: str, now: datetime) -> ConfirmLink:
    subject = tokens.read(Purpose.CONFIRM, token, now, settings().token_keys)
    # `read` does not return the expiry, from which the time of issue is computed.
    _, expires = tokens.payload_of(Purpose.CONFIRM, token, settings().token_keys)
    petition = find_petition(subject.slug, now, tables())
    return ConfirmLink(token, subject, petition, expires - CONFIRM_LIFETIME)


def _opt_out_link(purpose: Purpose, token: str) -> Link:
    """Return the link, also of a closed or removed petition. Raise LinkDamaged (no token) or OptOutLinkExpired."""
    subject = tokens.read(purpose, token, times.now(), settings().token_keys)
    petition = petition_as_stored(subject.slug, tables())
    return Link(token, subject, petition)


def _fields(request: Request) -> dict[str, str]:
    """Return the token and the form's fields. A one-click POST has the token in the URL, and any body: ignore that."""
    token = query(request, "token")
    if token and content_type(request) != FORM:
        return {"token": token}
    return link_fields(request)


def _opt_out_page(request: Request, purpose: Purpose, template: str) -> Response:
    link = _opt_out_link(purpose, query(request, "token") or "")
    return page_about(link.petition, request, template, {"token": link.token})


def _confirm_page(
    request: Request,
    link: ConfirmLink,
    signature: Signature,
    now: datetime,
    *,
    typed: Mapping[str, str],
    errors: Sequence[FieldError],
) -> Response:
    """Return the page to confirm, or to send an offered letter, or else the page that says the signature's state."""
    is_pending = signature.waits_for_owner
    may_be_confirmed = signature.may_be_confirmed(link.issued) and link.petition.is_confirmable_at(now)
    offered = offered_letter(signature, link.issued, link.petition, now)
    if not may_be_confirmed and offered is None:
        offer = {"updates_token": link.token, "gets_updates": signature.updates, "asked_for_updates": False}
        offer["was_edited"] = bool(errors)
        context = offer if link.petition.is_confirmable_at(now) else {}
        return page_about(link.petition, request, PAGE_OF_STATE[signature.state], context)
    language = language_of(chosen_language(request) or link.petition.language)
    country_names = {} if offered else language.countries()  # send_letter.html does not list them.
    if not is_pending:
        signature = signature.as_typed
    with_typed = with_typed_values(signature, typed, link.petition)
    # The link may be older than the letter that somebody asks for.
    shown = offered or (shown_letter(with_typed, link.petition) if is_pending else None)
    context = {
        "letter": shown,
        "token": link.token,
        "withdraw_token": tokens.issue(Purpose.WITHDRAW, link.subject, now + WITHDRAW_LIFETIME, settings().token_keys),
        "email": signature.email,
        "countries": list(country_names.items()),
        "form": form_values(signature, shown, typed),
        "errors": errors,
        "counts_already": not is_pending,
    }
    template = "send_letter.html" if offered else "confirm.html"
    return page_about(link.petition, request, template, context, 422 if errors else 200)
