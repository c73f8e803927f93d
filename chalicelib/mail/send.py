"""Send one mail that is wanted: claim, send, mark. Whatever fails, the request stays until it is settled."""

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

# Longer than the sender's own timeout: a claim outlives whoever made it only if that one died.
CLAIM = timedelta(seconds=90)
# The item outlives the link in the mail, so that an expired link is still told from a damaged one.
AFTER_LINK = timedelta(days=1)
# Taken down, perhaps by mistake: a link would lead nowhere now. The request stays, and the sweep brings it again.
HIDDEN = (State.DRAFT, State.REMOVED)


class Sent(StrEnum):
    SENT = "sent"
    SETTLED = "settled"
    REFUSED = "refused"
    HELD = "held"


def send(request: MailRequest, context: MailContext, now: datetime, tables: Tables) -> Sent:
    """Raise Throttled, Unavailable or NotYet for "later"; the message must then come again."""
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
        # Certainly not sent; after any other failure it may have been, and the claim runs out by itself.
        mail_state.release_claim(request.key, request.requested_at, tables)
        raise
    except MailRefused:
        mail_state.mark_refused(request.key, request.requested_at, "refused", tables)
        return Sent.REFUSED
    expires = now + CONFIRM_LIFETIME + AFTER_LINK
    # Not when it was taken up: pacing may have held it, and the next mail keeps its distance from this moment.
    mail_state.mark_mailed(request.key, request.requested_at, max(now, context.clock()), expires, tables)
    return Sent.SENT
