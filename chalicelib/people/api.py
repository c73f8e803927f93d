"""What staff can do for one person, over HTTP: find, show, resend the email, withdraw, erase, export all data."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import Tables, tables
from chalicelib.core import log, times
from chalicelib.core.errors import FieldError, Invalid, Unavailable, UnknownThing
from chalicelib.core.keys import Key
from chalicelib.core.settings import settings
from chalicelib.core.times import iso_or_none
from chalicelib.core.validation import Words, parsed
from chalicelib.edge.http import NO_STORE, json_answer, json_body
from chalicelib.mail import budget
from chalicelib.mail.budget import Allowance
from chalicelib.mail.mailbox import Mailbox, mailbox_of
from chalicelib.mail.stop import choice_of, resume, stopped_by
from chalicelib.people.access import document, shown
from chalicelib.people.resend import Resent, resend
from chalicelib.petitions.find import all_petitions, petition_as_stored, texts_as_signed
from chalicelib.petitions.model import Petition, Reason
from chalicelib.signatures.address import Address, read_address
from chalicelib.signatures.erase import erase, erase_all
from chalicelib.signatures.form import typed_address
from chalicelib.signatures.look_up import Held, held_as, held_of, identities_of
from chalicelib.signatures.withdraw import withdraw
from chalicelib.staff.authorizer import audited, staff_view

if TYPE_CHECKING:
    from chalicelib.people.answers import PersonSignature, PersonSignatures, ResendResult

routes = Blueprint(__name__)

WORDS = Words(missing={"email": "Enter the email address", "reason": "Say why"})
MESSAGES = {
    Resent.ASKED: "The email is on its way.",
    Resent.WITHIN_A_MINUTE: "We sent an email less than a minute ago. The next one follows after a minute.",
    Resent.ON_ITS_WAY: "An email is already on its way.",
    Resent.LATER: "This address has had several emails recently, so this one waits. We will send it soon after {}.",
    Resent.WITHDRAWN: "Email not sent: this signature was withdrawn. The person can sign again on the petition's page.",
    Resent.EXPIRED: "Email not sent: this signature was not confirmed in time. The person can sign again.",
    Resent.CLOSED: "Email not sent: the petition is closed and its links no longer work.",
    Resent.UNDELIVERABLE: "Email not sent: this address refused it or reported it as spam. Use another address.",
    Resent.STOPPED: "Email not sent: the owner of this address wants no more email about this petition.",
}
NO_ADDRESS = "We no longer have this signature's address. When the person has signed again, allow email there"
Change = Callable[[Key, Petition, datetime, Tables], None]
EMAIL = {"type": "string", "format": "email", "maxLength": 320}
EMAIL_COMING = (Resent.ASKED, Resent.WITHIN_A_MINUTE, Resent.ON_ITS_WAY, Resent.LATER)


class PersonRequest(BaseModel):
    """The body of `POST /api/staff/people/find` and `…/erase`. Not in the URL, because URLs are logged."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema(EMAIL)]


class AllowMail(BaseModel):
    """The body of `POST /api/staff/people/{slug}/{signature_id}/allow-mail`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    reason: Reason
    """Why the owner's choice is undone. The activity log keeps it: no name and no address."""


@staff_view(routes)
def find_person(request: Request) -> Response:
    """Return every signature of one email address, in every petition. The list may be empty."""
    held = held_of(_identities(_requested(request)), tables())
    audited(request, "person.found", details={each.petition.slug: each.signature_id for each in held})
    return _all_shown(held)


@staff_view(routes)
def erase_address(request: Request) -> Response:
    """Erase every signature of one email address, in every petition, those too that wait in the overflow queue."""
    identities = _identities(_requested(request))
    audited(request, "person.erased", details={petition.slug: identity for petition, identity in identities})
    erase_all(identities, times.now(), tables())
    log.note("person_erased", petitions=len(identities))
    return _all_shown(held_of(identities, tables()))


@staff_view(routes)
def show_signature(request: Request, slug: str, signature_id: str) -> Response:
    """Return one signature with what staff need to help."""
    held = _held(slug, signature_id)
    audited(request, "person.shown", signature_id, {"petition": slug})
    return json_answer(_shown(held, times.now()))


@staff_view(routes)
def resend_mail(request: Request, slug: str, signature_id: str) -> Response:
    """Return whether an email will come, and when or why not. The limits are those of signing again."""
    now, held = times.now(), _held(slug, signature_id)
    audited(request, "mail.resent", signature_id, {"petition": slug})
    outcome, due_at = resend(held, _allowance(held, now), now, tables())
    log.note("resent", petition=slug, signature=signature_id, outcome=outcome)
    result: ResendResult = {
        "mail": outcome in EMAIL_COMING,
        "outcome": outcome,
        "message": MESSAGES[outcome].format(f"{due_at:%H:%M on %-d %B} (UTC)" if due_at else ""),
        "due_at": iso_or_none(due_at),
    }
    return json_answer(result)


@staff_view(routes)
def allow_mail(request: Request, slug: str, signature_id: str) -> Response:
    """Undo the owner's choice to get no more email about the petition, because they ask for it. Idempotent."""
    now, held = times.now(), _held(slug, signature_id)
    reason = parsed(AllowMail, json_body(request), WORDS).reason
    if not held.signature.email:
        raise Invalid([FieldError("signature_id", NO_ADDRESS)])
    audited(request, "mail.allowed", signature_id, {"petition": slug, "reason": reason})
    resume(choice_of(_mailbox(held.signature.email), slug), now, tables())
    log.note("resumed", petition=slug, signature=signature_id)
    return json_answer(_shown(held, now))


@staff_view(routes)
def withdraw_for_person(request: Request, slug: str, signature_id: str) -> Response:
    """Withdraw the signature, as its owner can with the link in the email. Idempotent."""
    return _changed(request, (slug, signature_id), "signature.withdrawn", withdraw)


@staff_view(routes)
def erase_person(request: Request, slug: str, signature_id: str) -> Response:
    """Withdraw the signature from the count, then empty its item. Idempotent."""
    return _changed(request, (slug, signature_id), "signature.erased", erase)


@staff_view(routes)
def export_access(request: Request, slug: str, signature_id: str) -> Response:
    """Return all data held on this signature's email address, in every petition, as a file for its owner."""
    held = _all_of_owner(_held(slug, signature_id))
    audited(request, "access.exported", signature_id, {each.petition.slug: each.signature_id for each in held})
    signed = {each.petition.slug: (each.signature.text_version, each.signature.consent_version) for each in held}
    texts = texts_as_signed(signed, tables())
    download = {"Content-Disposition": f'attachment; filename="access-{signature_id}.json"', **NO_STORE}
    return json_answer(document(held, texts, _stopped(held), times.now()), headers=download)


def _changed(request: Request, path: tuple[str, str], action: str, change: Change) -> Response:
    slug, signature_id = path
    held = _held(slug, signature_id)
    audited(request, action, signature_id, {"petition": slug})
    change(held.key, held.petition, times.now(), tables())
    log.note(action.rpartition(".")[2], petition=slug, signature=signature_id)
    return json_answer(_shown(_held(slug, signature_id), times.now()))


def _shown(held: Held, now: datetime) -> "PersonSignature":
    return shown(held, now, is_stopped=bool(_stopped([held])))


def _stopped(held: list[Held]) -> set[str]:
    """Return the petitions about which the owner of these signatures wants no email. All are of one address."""
    email = next((each.signature.email for each in held if each.signature.email), None)
    return stopped_by(_mailbox(email), [each.petition.slug for each in held], tables()) if email else set()


def _requested(request: Request) -> Address:
    return parsed(PersonRequest, json_body(request), WORDS).email


def _all_shown(held: list[Held]) -> Response:
    now = times.now()
    stopped = _stopped(held)
    signatures = [shown(each, now, is_stopped=each.petition.slug in stopped) for each in held]
    body: PersonSignatures = {"signatures": signatures, "waiting": _waiting()}
    return json_answer(body)


def _waiting() -> int | None:
    """Return how many signatures of anybody wait in the overflow queue; None if it does not answer."""
    try:
        return overflow_queue().depth()
    except Unavailable:
        return None


def _held(slug: str, signature_id: str) -> Held:
    petition = petition_as_stored(slug, tables())
    found = held_as(petition, signature_id, tables())
    if found is None:
        raise UnknownThing("There is no such signature.")
    return found


def _identities(address: Address) -> list[tuple[Petition, str]]:
    return identities_of(address, all_petitions(tables()), settings().signature_keys)


def _allowance(held: Held, now: datetime) -> Allowance:
    """Return what the budget allows to the signature's address. A withdrawn signature has none, and gets no email."""
    if not held.signature.email:
        return Allowance(now, is_stopped=False)
    return budget.look(_mailbox(held.signature.email), held.petition.slug, now, tables())


def _mailbox(email: str) -> Mailbox:
    return mailbox_of(email, settings().limit_keys)


def _all_of_owner(held: Held) -> list[Held]:
    """Return every signature of the same address. A withdrawn one has no address, so return it alone."""
    email = held.signature.email
    return held_of(_identities(read_address(email)), tables()) if email else [held]
