"""Sign: one conditional put and nothing else, unless somebody was there first.

Kept at once by `sign`, or later from the overflow queue by `keep`: the same put and the same rules.
"""

from datetime import datetime
from enum import StrEnum

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state, store
from chalicelib.signatures.address import signature_id
from chalicelib.signatures.form import SignatureForm
from chalicelib.signatures.model import UNMAILED_LIFETIME, Channel, Finished, MailKind, Signature, State

ATTEMPTS = 3


class Outcome(StrEnum):
    """For logs and metrics only. Whoever signed hears the same in every case."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    OVERFLOWED = "overflowed"
    # From the overflow queue only: something newer has made it pointless.
    OVERTAKEN = "overtaken"


def sign(
    form: SignatureForm, channel: Channel, petition: Petition, secret: str, now: datetime, tables: Tables
) -> tuple[str, Outcome]:
    """Keep the signature once, whatever happens how often. Raise Unavailable if it may not be kept."""
    finished = finish(form, channel, petition, secret, now)
    return finished.signature_id, keep(finished, now, tables)


def finish(form: SignatureForm, channel: Channel, petition: Petition, secret: str, now: datetime) -> Finished:
    """All that the table needs to know, with nothing asked of it."""
    return Finished(
        slug=petition.slug,
        signature_id=signature_id(petition.slug, form.email.canonical, secret),
        signature=_new_signature(form, channel, petition, now),
    )


def keep(finished: Finished, now: datetime, tables: Tables, *, late: bool = False) -> Outcome:
    """`late`: it comes out of the overflow queue, and whatever happened since it was signed has the last word.

    Raise Unavailable if it may not be kept.
    """
    for _ in range(ATTEMPTS):
        try:
            store.add(finished.key, finished.signature, tables)
            return Outcome.ACCEPTED
        except ConditionFailed as failure:
            earlier = store.as_signature(failure.item or {})
        has_its_mail = earlier.mail_kind is not None and not earlier.is_over(now)
        if late and (has_its_mail or _is_overtaken(finished.signature, earlier)):
            return Outcome.OVERTAKEN
        if _sign_again(finished.key, earlier, finished.signature, now, tables):
            return Outcome.REPEATED
    raise Unavailable


def _is_overtaken(signature: Signature, earlier: Signature) -> bool:
    """It lies there already (the put had worked, or the message came twice), was signed again, confirmed or
    withdrawn since, or a mail has gone since: of all these its person knows more than the message does.
    """
    signed_at = signature.signed_at.replace(microsecond=0)  # As the table keeps it.
    since = [earlier.signed_at, earlier.confirmed_at, earlier.withdrawn_at]
    if earlier.state is not State.WITHDRAWN:  # There a mail may be marked that was on its way before.
        since.append(earlier.mailed_at)
    return any(moment >= signed_at for moment in since if moment)


def _new_signature(form: SignatureForm, channel: Channel, petition: Petition, now: datetime) -> Signature:
    return Signature(
        state=State.PENDING,
        signed_at=now,
        name=form.name,
        email=form.email.deliverable,
        country=form.country,
        postcode=form.postcode,
        source=form.source or DIRECT,
        updates=form.consent.updates,
        obtained_by=petition.charity,
        channel=channel,
        text_version=petition.text_version,
        consent_version=petition.consent_version,
        mail_kind=MailKind.CONFIRM,
        mail_requested_at=now,
        expires_at=now + UNMAILED_LIFETIME,
    )


def _sign_again(key: Key, earlier: Signature, signature: Signature, now: datetime, tables: Tables) -> bool:
    """The owner of the address learns by mail, within limits; whoever typed it learns nothing.

    False if the earlier one went in this very moment (TTL), and there is nothing to repeat.
    """
    try:
        if earlier.is_over(now):
            store.renew(key, signature, now, tables)
        else:
            mail_state.ask_again(key, earlier, now, tables)
    except ConditionFailed as failure:
        return failure.item is not None
    return True
