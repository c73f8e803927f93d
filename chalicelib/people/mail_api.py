"""The routes for staff to send a person's email again, and to allow email again after its owner stopped it."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.times import iso_or_none
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.mail import budget
from chalicelib.mail.budget import Allowance, choice_of, resume
from chalicelib.mail.model import mailbox_of
from chalicelib.people.access import load_for_staff, one_signature
from chalicelib.people.resend import ResendOutcome, resend
from chalicelib.petitions.model import Reason
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.staff.authorizer import audit, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.people.answers import PersonSignature, ResendResult

routes = Blueprint(__name__)

WORDS = Words(missing={"reason": "Say why"})
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
    """The body of `POST /api/staff/people/{slug}/{signature_id}/allow-mail`."""

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
