"""The routes for staff to find a person's signatures, to show, withdraw, erase or export them, and for email.

`limit_keys` make the hash under which an owner's wish for no more email is stored, `signature_keys` the ids of
signatures. The overflow queue has signatures that are not stored yet.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request
from pydantic import PlainValidator, WithJsonSchema

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import Tables, tables
from chalicelib.core import log, times
from chalicelib.core.address import Address, read_address
from chalicelib.core.errors import FieldError, Invalid, Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.times import iso_or_none
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import NO_STORE, json_answer, json_body
from chalicelib.mail import budget
from chalicelib.mail.budget import Allowance, choice_of, resume
from chalicelib.mail.model import mailbox_of
from chalicelib.people.access import (
    ResendOutcome,
    access_export,
    load_for_staff,
    one_signature,
    resend,
    signature_for_staff,
    stopped_slugs,
)
from chalicelib.people.texts import letters_of, signed_texts
from chalicelib.people.words import file_sheet, sections
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition, Reason
from chalicelib.signatures.form import typed_address
from chalicelib.signatures.look_up import StoredSignature, find_signatures, identities_of
from chalicelib.signatures.withdraw import erase, erase_all, withdraw
from chalicelib.staff.authorizer import audit, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.people.answers import (
        AccessExport,
        FileFact,
        FileSection,
        PersonFile,
        PersonSignature,
        PersonSignatures,
        ResendResult,
    )

routes = Blueprint(__name__)

WORDS = Words(missing={"email": "Enter the email address", "reason": "Say why"})
SignatureAction = Callable[[Key, Petition, datetime, Tables], None]
EMAIL_SCHEMA = {"type": "string", "format": "email", "maxLength": 320}


class PersonRequest(ClosedModel):
    """The body of `POST /api/staff/people/find` and `…/erase`. The URL has no address, because URLs are logged."""

    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema(EMAIL_SCHEMA)]


@staff_view(routes, "POST", "/people/find", Right.PEOPLE)
def find_person(request: "Sent[PersonRequest]") -> "Answer[PersonSignatures]":
    """Find the signatures of one email address.

    Uses POST, because URLs are logged. There is no list of all people.

    Answer: Every signature of that address, in every petition. The list may be empty. Signatures that still wait to
    be stored are not searched: `waiting` says how many there are, of anybody.
    """
    identities = _identities(_address_in(request))
    stored = find_signatures(identities, times.now(), tables())
    audit(request, "person.found", details=_ids_by_slug(stored))
    return _answer_all(stored)


@staff_view(routes, "POST", "/people/erase", Right.PEOPLE)
def erase_address(request: "Sent[PersonRequest]") -> "Answer[PersonSignatures]":
    """Erase everything about one email address.

    A signature made later is not erased.

    Answer: Every signature of that address is erased, in every petition, including signatures that still wait to be
    stored. The answer is the same as for a search. The request is safe to repeat.
    """
    identities = _identities(_address_in(request))
    # Also ids without a stored signature: it may wait in the overflow queue.
    ids = {petition.slug: signature_id for petition, signature_id in identities}
    audit(request, "person.erased", details=ids)
    erase_all(identities, times.now(), tables())
    log.note("person_erased", petitions=len(identities))
    return _answer_all(find_signatures(identities, times.now(), tables()))


@staff_view(routes, "GET", "/people/{slug}/{signature_id}", Right.PEOPLE)
def show_signature(request: Request, slug: str, signature_id: str) -> "Answer[PersonSignature]":
    """One signature, with what staff need to help."""
    stored = one_signature(slug, signature_id, times.now(), tables())
    audit(request, "person.shown", signature_id, {"petition": slug})
    return _answer_one(stored)


@staff_view(routes, "POST", "/people/{slug}/{signature_id}/withdraw", Right.PEOPLE)
def withdraw_for_person(request: Request, slug: str, signature_id: str) -> "Answer[PersonSignature]":
    """Withdraw a signature for its owner.

    Answer: Name and address are removed, and the signature no longer counts. Repeating gives the same answer.
    """
    return _act_and_show(request, slug, signature_id, "signature.withdrawn", withdraw)


@staff_view(routes, "POST", "/people/{slug}/{signature_id}/erase", Right.PEOPLE)
def erase_person(request: Request, slug: str, signature_id: str) -> "Answer[PersonSignature]":
    """Erase a signature.

    Answer: The signature no longer counts. Only an item without personal data is left, for 61 days. Repeating gives
    the same answer.
    """
    return _act_and_show(request, slug, signature_id, "signature.erased", erase)


@staff_view(routes, "POST", "/people/{slug}/{signature_id}/access", Right.PEOPLE, headers=("Download",))
def export_access(request: Request, slug: str, signature_id: str) -> "Answer[AccessExport]":
    """Export all data held on a signature's owner.

    Answer: A file for that person: all signatures of the address, the texts and consents as signed, the emails, and
    what data the site does not hold.
    """
    now = times.now()
    file = _held_on_owner(request, one_signature(slug, signature_id, now, tables()), now)
    headers = {"Content-Disposition": f'attachment; filename="access-{signature_id}.json"', **NO_STORE}
    return json_answer(file, headers=headers)


@staff_view(routes, "POST", "/people/{slug}/{signature_id}/file", Right.PEOPLE)
def export_file(request: Request, slug: str, signature_id: str) -> "Answer[PersonFile]":
    """Export all data held on a signature's owner, in words.

    Answer: The same data as `…/access`, to read and as a PDF to send to the person.
    """
    now = times.now()
    stored = one_signature(slug, signature_id, now, tables())
    petition = stored.petition
    title = f"What {petition.charity} holds about you"
    found = [*sections(_held_on_owner(request, stored, now))]
    shown: list[FileSection] = []
    for section in found:
        facts: list[FileFact] = [{"name": name, "value": value} for name, value in section.facts]
        shown.append({"heading": section.heading, "facts": facts})
    pdf = b64encode(file_sheet(title, now, petition.privacy_contact, found)).decode()
    body: PersonFile = {"title": title, "prepared_at": times.iso(now), "sections": shown, "pdf": pdf}
    return json_answer(body)


def _held_on_owner(request: Request, one: StoredSignature, now: datetime) -> "AccessExport":
    stored = _all_of_owner(one, now)
    audit(request, "access.exported", one.signature_id, _ids_by_slug(stored))
    texts = signed_texts(stored, tables())
    stopped = stopped_slugs(stored, settings().limit_keys, tables())
    return access_export(stored, texts, letters_of(stored, tables()), stopped, now)


def _act_and_show(
    request: Request, slug: str, signature_id: str, action: str, act: SignatureAction
) -> "Answer[PersonSignature]":
    stored = one_signature(slug, signature_id, times.now(), tables())
    audit(request, action, signature_id, {"petition": slug})
    act(stored.key, stored.petition, times.now(), tables())
    event = action.rpartition(".")[2]  # "signature.withdrawn" is logged as "withdrawn".
    log.note(event, petition=slug, signature=signature_id)
    return _answer_one(one_signature(slug, signature_id, times.now(), tables()))


def _address_in(request: Request) -> Address:
    return parse_body(PersonRequest, json_body(request), WORDS).email


def _ids_by_slug(stored: list[StoredSignature]) -> dict[str, str]:
    return {each.petition.slug: each.signature_id for each in stored}


def _answer_one(stored: StoredSignature) -> "Answer[PersonSignature]":
    return json_answer(load_for_staff(stored, settings().limit_keys, times.now(), tables()))


def _answer_all(stored: list[StoredSignature]) -> "Answer[PersonSignatures]":
    now = times.now()
    stopped = stopped_slugs(stored, settings().limit_keys, tables())
    signatures = [signature_for_staff(each, now, is_stopped=each.petition.slug in stopped) for each in stored]
    body: PersonSignatures = {"signatures": signatures, "waiting": _overflow_depth()}
    return json_answer(body)


def _overflow_depth() -> int | None:
    """Return about how many signatures, of anybody, wait. None: the queue did not answer."""
    try:
        return overflow_queue().depth()
    except Unavailable:
        return None


def _identities(address: Address) -> list[tuple[Petition, str]]:
    return identities_of(address, all_petitions(tables()), settings().signature_keys)


def _all_of_owner(stored: StoredSignature, now: datetime) -> list[StoredSignature]:
    """Return only this signature if its address is not stored any more: it is withdrawn, or no longer kept."""
    email = stored.signature.email
    if not email:
        return [stored]
    return find_signatures(_identities(read_address(email)), now, tables())


MESSAGES = {
    ResendOutcome.ASKED: "The email is on its way.",
    ResendOutcome.WITHIN_A_MINUTE: "We sent an email less than a minute ago. The next one follows after a minute.",
    ResendOutcome.ON_ITS_WAY: "An email is already on its way.",
    ResendOutcome.LATER: "Our limits on email make this one wait. We will send it soon after {}.",
    ResendOutcome.WITHDRAWN: (
        "Email not sent: this signature was withdrawn. The person can sign again on the petition's page."
    ),
    ResendOutcome.EXPIRED: "Email not sent: this signature was not confirmed in time. The person can sign again.",
    ResendOutcome.SUSPECT: "Email not sent: this signature is held or removed, because it looked wrong.",
    ResendOutcome.CLOSED: "Email not sent: the petition is closed and its links no longer work.",
    ResendOutcome.UNDELIVERABLE: "Email not sent: this address refused it or reported it as spam. Use another address.",
    ResendOutcome.STOPPED: "Email not sent: the owner of this address wants no more email about this petition.",
}
NO_ADDRESS = "We no longer have this signature's address. Wait until the person signs again, then allow email"
EMAIL_COMING = (ResendOutcome.ASKED, ResendOutcome.WITHIN_A_MINUTE, ResendOutcome.ON_ITS_WAY, ResendOutcome.LATER)


class AllowMail(ClosedModel):
    reason: Reason
    """Why you undo the owner's choice. Write no name and no address, because the activity log keeps the reason."""


@staff_view(routes, "POST", "/people/{slug}/{signature_id}/resend", Right.PEOPLE)
def resend_mail(request: Request, slug: str, signature_id: str) -> "Answer[ResendResult]":
    """Send the email again.

    The same limits apply as when the person signs again.

    Answer: Whether an email will be sent, and if not, why. If the address has had several emails recently, for any
    petition, the email waits until `due_at`. No email is sent to an address that refuses our email.
    """
    now = times.now()
    stored = one_signature(slug, signature_id, now, tables())
    audit(request, "mail.resent", signature_id, {"petition": slug})
    outcome, due_at = resend(stored, _allowance(stored, now), now, tables())
    log.note("resent", petition=slug, signature=signature_id, outcome=outcome)
    shown_due_time = f"{due_at:%H:%M on %-d %B} (UTC)" if due_at else ""
    result: ResendResult = {
        "mail": outcome in EMAIL_COMING,
        "outcome": outcome,
        "message": MESSAGES[outcome].format(shown_due_time),
        "due_at": iso_or_none(due_at),
    }
    return json_answer(result)


@staff_view(routes, "POST", "/people/{slug}/{signature_id}/allow-mail", Right.PEOPLE)
def allow_mail(request: "Sent[AllowMail]", slug: str, signature_id: str) -> "Answer[PersonSignature]":
    """Allow email again that the signer stopped.

    The owner can do this with the link in any email. Do it only if they ask; the activity log keeps the reason.

    Answer: The signature. Repeating gives the same answer.
    """
    now = times.now()
    stored = one_signature(slug, signature_id, now, tables())
    reason = parse_body(AllowMail, json_body(request), WORDS).reason
    if not stored.signature.email:
        raise Invalid([FieldError("signature_id", NO_ADDRESS)])
    audit(request, "mail.allowed", signature_id, {"petition": slug, "reason": reason})
    mailbox = mailbox_of(stored.signature.email, settings().limit_keys)
    resume(choice_of(mailbox, slug), now, tables())
    log.note("resumed", petition=slug, signature=signature_id)
    answer = load_for_staff(stored, settings().limit_keys, now, tables())
    return json_answer(answer)


def _allowance(stored: StoredSignature, now: datetime) -> Allowance:
    """A withdrawn signature has no address; `resend` refuses it in any case."""
    if not stored.signature.email:
        return Allowance(now, is_stopped=False)
    mailbox = mailbox_of(stored.signature.email, settings().limit_keys)
    return budget.read_allowance(mailbox, stored.petition.slug, now, tables())
