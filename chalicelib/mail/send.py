"""Send one mail that is wanted: claim, send, mark. Whatever fails, the wish stays until it is settled."""

from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Denied, MailRefused, NotYet, Throttled
from chalicelib.core.tokens import CONFIRM_LIFETIME
from chalicelib.mail.compose import Office, compose
from chalicelib.mail.model import MailWish
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import State
from chalicelib.signatures import mail_state
from chalicelib.signatures.model import Signature, Wanted

# Longer than the sender's own timeout: a claim outlives whoever made it only if that one died.
CLAIM = timedelta(seconds=90)
# The item outlives the link in the mail, so that an expired link is still told from a damaged one.
AFTER_LINK = timedelta(days=1)
# Taken down, perhaps by mistake: a link would lead nowhere now. The wish stays, and the sweep brings it again.
HIDDEN = (State.DRAFT, State.REMOVED)


class Sent(StrEnum):
    SENT = "sent"
    SETTLED = "settled"
    REFUSED = "refused"
    HELD = "held"


def send(wish: MailWish, office: Office, now: datetime, tables: Tables) -> Sent:
    """Raise Throttled, Unavailable or NotYet for "later"; the message must then come again."""
    try:
        signature = mail_state.claim_mail(wish.key, wish.wanted_at, now, CLAIM, tables)
    except ConditionFailed as failure:
        if mail_state.is_still_wanted(wish.wanted_at, failure.item):
            raise NotYet from failure
        return Sent.SETTLED
    return _send_claimed(wish, signature, office, now, tables)


def _send_claimed(wish: MailWish, signature: Signature, office: Office, now: datetime, tables: Tables) -> Sent:
    petition = petition_as_stored(wish.slug, tables)
    if wish.wanted is Wanted.CONFIRM and petition.state_at(now) in HIDDEN:
        mail_state.release_claim(wish.key, wish.wanted_at, tables)
        return Sent.HELD
    if wish.wanted is Wanted.CONFIRM and not petition.confirmable_at(now):
        mail_state.drop_wish(wish.key, wish.wanted_at, tables)
        return Sent.SETTLED
    try:
        office.deliver(compose(wish, signature, petition, office, now))
    except (Throttled, Denied):
        # Certainly not sent; after any other failure it may have been, and the claim runs out by itself.
        mail_state.release_claim(wish.key, wish.wanted_at, tables)
        raise
    except MailRefused:
        mail_state.mark_refused(wish.key, wish.wanted_at, "refused", tables)
        return Sent.REFUSED
    expires = now + CONFIRM_LIFETIME + AFTER_LINK
    # Not when it was taken up: pacing may have held it, and the next mail keeps its distance from this moment.
    mail_state.mark_mailed(wish.key, wish.wanted_at, max(now, office.clock()), expires, tables)
    return Sent.SENT
