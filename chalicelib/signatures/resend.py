"""Send a signature's email again when its owner asks staff for it, within the usual limits."""

from datetime import datetime
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import Held
from chalicelib.signatures.model import MAIL_PAUSE, MAX_MAILS, Signature, SignatureState


class Resent(StrEnum):
    """The result. Only the first three mean that an email will be sent."""

    ASKED = "asked"
    WITHIN_A_MINUTE = "within-a-minute"
    ON_ITS_WAY = "on-its-way"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"
    UNDELIVERABLE = "undeliverable"
    ENOUGH = "enough"


def resend(held: Held, now: datetime, tables: Tables) -> Resent:
    """Request the email as signing again would."""
    refusal = _refusal(held, now)
    if refusal:
        return refusal
    signature = held.signature
    try:
        mail_state.ask_again(held.key, signature, now, tables)
    except ConditionFailed:
        return Resent.ON_ITS_WAY  # Its request is recent.
    if signature.mail_kind:
        return Resent.ON_ITS_WAY
    return Resent.WITHIN_A_MINUTE if _was_just_mailed(signature, now) else Resent.ASKED


def _refusal(held: Held, now: datetime) -> Resent | None:
    signature = held.signature
    is_pending = signature.state is SignatureState.PENDING
    reasons = {
        Resent.WITHDRAWN: signature.state is SignatureState.WITHDRAWN,
        Resent.EXPIRED: signature.is_over(now),
        Resent.UNDELIVERABLE: signature.undeliverable is not None,
        Resent.ENOUGH: signature.mails >= MAX_MAILS,
        Resent.CLOSED: is_pending and not held.petition.confirmable_at(now),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _was_just_mailed(signature: Signature, now: datetime) -> bool:
    """Return whether the next email must wait for MAIL_PAUSE to end."""
    return signature.mailed_at is not None and now < signature.mailed_at + MAIL_PAUSE
