"""Send a signature's email again, when the person asks staff. The same limits apply as when the person signs again."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.mail.budget import Allowance
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.model import MIN_MAIL_INTERVAL, SignatureState


class ResendOutcome(StrEnum):
    """The result of the request to send the email again. With the first four values, an email will be sent."""

    ASKED = "asked"
    WITHIN_A_MINUTE = "within-a-minute"
    ON_ITS_WAY = "on-its-way"
    LATER = "later"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUSPECT = "suspect"
    CLOSED = "closed"
    UNDELIVERABLE = "undeliverable"
    STOPPED = "stopped"


class ResendAnswer(NamedTuple):
    outcome: ResendOutcome
    due_at: datetime | None = None


def resend(stored: StoredSignature, allowance: Allowance, now: datetime, tables: Tables) -> ResendAnswer:
    """`allowance`: what the address's limits allow now."""
    refusal = _refusal(stored, allowance, now)
    if refusal:
        return ResendAnswer(refusal)
    signature = stored.signature
    was_already_requested = signature.mail_kind is not None  # The kind of the email that waits to be sent, if any.
    try:
        mail_state.request_or_nudge_mail(stored.key, signature, now, tables)
    except ConditionFailed:
        # Usually, it was requested too recently to queue it again. Rarely, the signature has changed since we read it.
        was_already_requested = True
    due_at = max(signature.mail_due_at or now, allowance.next_at)
    if due_at > now + MIN_MAIL_INTERVAL:
        return ResendAnswer(ResendOutcome.LATER, due_at)
    if was_already_requested:
        return ResendAnswer(ResendOutcome.ON_ITS_WAY)
    # At most a minute (MIN_MAIL_INTERVAL): for a limit, or because the last was just sent.
    was_just_mailed = signature.mailed_at is not None and now < signature.mailed_at + MIN_MAIL_INTERVAL
    if due_at > now or was_just_mailed:
        return ResendAnswer(ResendOutcome.WITHIN_A_MINUTE)
    return ResendAnswer(ResendOutcome.ASKED)


def _refusal(stored: StoredSignature, allowance: Allowance, now: datetime) -> ResendOutcome | None:
    signature = stored.signature
    if signature.state is SignatureState.WITHDRAWN:
        return ResendOutcome.WITHDRAWN
    if signature.is_withdrawn_or_expired(now):
        return ResendOutcome.EXPIRED
    if signature.state in (SignatureState.HELD, SignatureState.REMOVED):
        return ResendOutcome.SUSPECT
    if signature.undeliverable is not None:
        return ResendOutcome.UNDELIVERABLE
    if allowance.is_stopped:
        return ResendOutcome.STOPPED
    # The email of a pending signature is only for its link to confirm.
    if not stored.petition.is_kept_at(now):
        return ResendOutcome.CLOSED
    if signature.state is SignatureState.PENDING and not stored.petition.is_confirmable_at(now):
        return ResendOutcome.CLOSED
    return None
