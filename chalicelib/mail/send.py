"""Send one requested email: claim, send, mark. The request stays stored until it is settled."""

from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Denied, MailRefused, NotYet, Throttled
from chalicelib.core.tokens import CONFIRM_LIFETIME
from chalicelib.mail.compose import MailContext, compose
from chalicelib.mail.model import MailRequest
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import State
from chalicelib.signatures import mail_state
from chalicelib.signatures.model import MailKind, Signature

# Longer than the sender's timeout, so a claim can only expire after its sender has stopped.
CLAIM = timedelta(seconds=90)
# Keep the item longer than the link in the email, so that an expired link can be told from a damaged one.
AFTER_LINK = timedelta(days=1)
# In these states the link in the email would not work. Keep the request; the sweep queues it again.
HIDDEN = (State.DRAFT, State.REMOVED)


class Sent(StrEnum):
    SENT = "sent"
    SETTLED = "settled"
    REFUSED = "refused"
    HELD = "held"


def send(request: MailRequest, context: MailContext, now: datetime, tables: Tables) -> Sent:
    """Raise Throttled, Unavailable or NotYet when the queue must deliver the message again."""
    try:
        signature = mail_state.claim_mail(request.key, request.requested_at, now, CLAIM, tables)
    except ConditionFailed as failure:
        if mail_state.is_still_requested(request.requested_at, failure.item):
            raise NotYet from failure
        return Sent.SETTLED
    return _send_claimed(request, signature, context, now, tables)


def _send_claimed(
    request: MailRequest, signature: Signature, context: MailContext, now: datetime, tables: Tables
) -> Sent:
    petition = petition_as_stored(request.slug, tables)
    if request.kind is MailKind.CONFIRM and petition.state_at(now) in HIDDEN:
        mail_state.release_claim(request.key, request.requested_at, tables)
        return Sent.HELD
    if request.kind is MailKind.CONFIRM and not petition.confirmable_at(now):
        mail_state.drop_request(request.key, request.requested_at, tables)
        return Sent.SETTLED
    try:
        context.deliver(compose(request, signature, petition, context, now))
    except (Throttled, Denied):
        # The email was not sent. After any other failure it may have been sent, so the claim stays until it expires.
        mail_state.release_claim(request.key, request.requested_at, tables)
        raise
    except MailRefused:
        mail_state.mark_refused(request.key, request.requested_at, "refused", tables)
        return Sent.REFUSED
    expires = now + CONFIRM_LIFETIME + AFTER_LINK
    # Read the clock again: pacing may have delayed the email, and the next email's wait starts at this time.
    mail_state.mark_mailed(request.key, request.requested_at, max(now, context.clock()), expires, tables)
    return Sent.SENT
