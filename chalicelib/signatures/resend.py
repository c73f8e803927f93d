"""Send a signature's mail again when its owner asks staff for it, within the limits that hold for everybody."""

from datetime import datetime
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import Held
from chalicelib.signatures.model import MAIL_PAUSE, MAX_MAILS, Signature, State


class Resent(StrEnum):
    """What became of it; only the first three mean that a mail comes."""

    ASKED = "asked"
    WITHIN_A_MINUTE = "within-a-minute"
    ON_ITS_WAY = "on-its-way"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"
    UNDELIVERABLE = "undeliverable"
    ENOUGH = "enough"


def resend(held: Held, now: datetime, tables: Tables) -> Resent:
    """As signing once more would."""
    hindrance = _hindrance(held, now)
    if hindrance:
        return hindrance
    signature = held.signature
    try:
        mail_state.ask_again(held.key, signature, now, tables)
    except ConditionFailed:
        return Resent.ON_ITS_WAY  # Its request is young still, or was made in this very moment.
    if signature.mail_kind:
        return Resent.ON_ITS_WAY
    return Resent.WITHIN_A_MINUTE if _is_fresh(signature, now) else Resent.ASKED


def _hindrance(held: Held, now: datetime) -> Resent | None:
    signature = held.signature
    is_pending = signature.state is State.PENDING
    reasons = {
        Resent.WITHDRAWN: signature.state is State.WITHDRAWN,
        Resent.EXPIRED: signature.is_over(now),
        Resent.UNDELIVERABLE: signature.undeliverable is not None,
        Resent.ENOUGH: signature.mails >= MAX_MAILS,
        Resent.CLOSED: is_pending and not held.petition.confirmable_at(now),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _is_fresh(signature: Signature, now: datetime) -> bool:
    """Then the next one waits for the rest of the minute."""
    return signature.mailed_at is not None and now < signature.mailed_at + MAIL_PAUSE
