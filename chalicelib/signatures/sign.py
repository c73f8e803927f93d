"""Sign: one conditional put, and nothing else unless the signature already exists.

`sign` stores it at once; `keep` also stores it later, from the overflow queue, with the same put and rules.
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
    """For logs and metrics only: the response is the same for every outcome."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    OVERFLOWED = "overflowed"
    # Only from the overflow queue: the stored signature is newer, or this one has expired.
    OVERTAKEN = "overtaken"


def sign(
    form: SignatureForm, channel: Channel, petition: Petition, secret: str, now: datetime, tables: Tables
) -> tuple[str, Outcome]:
    """Store the signature once, however often this is called. Raise Unavailable if it may not be stored."""
    finished = finish(form, channel, petition, secret, now)
    return finished.signature_id, keep(finished, now, tables)


def finish(form: SignatureForm, channel: Channel, petition: Petition, secret: str, now: datetime) -> Finished:
    """Return the signature's key and item, without a call to the table."""
    return Finished(
        slug=petition.slug,
        signature_id=signature_id(petition.slug, form.email.canonical, secret),
        signature=_new_signature(form, channel, petition, now),
    )


def keep(finished: Finished, now: datetime, tables: Tables, *, late: bool = False) -> Outcome:
    """Store the signature, or apply it as a repetition if it exists. Raise Unavailable if it may not be stored.

    `late`: it comes from the overflow queue, and later changes to the stored signature take precedence.
    """
    for _ in range(ATTEMPTS):
        try:
            store.add(finished.key, finished.signature, tables)
            return Outcome.ACCEPTED
        except ConditionFailed as failure:
            earlier = store.as_signature(failure.item or {})
        has_mail_request = earlier.mail_kind is not None and not earlier.is_over(now)
        if late and (has_mail_request or _is_overtaken(finished.signature, earlier)):
            return Outcome.OVERTAKEN
        if _sign_again(finished.key, earlier, finished.signature, now, tables):
            return Outcome.REPEATED
    raise Unavailable


def _is_overtaken(signature: Signature, earlier: Signature) -> bool:
    """Return whether the stored signature is at least as new as the message; then ignore the message.

    It was stored before (the put had succeeded, or the message came twice), or it was signed again, confirmed,
    withdrawn or mailed since.
    """
    signed_at = signature.signed_at.replace(microsecond=0)  # The table stores whole seconds.
    times = [earlier.signed_at, earlier.confirmed_at, earlier.withdrawn_at]
    if earlier.state is not State.WITHDRAWN:  # An email requested before the withdrawal may be marked after it.
        times.append(earlier.mailed_at)
    return any(time >= signed_at for time in times if time)


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
    """Renew the signature, or request its email again within the limits. The response does not show which.

    Return False if TTL deleted the earlier one meanwhile; then try again.
    """
    try:
        if earlier.is_over(now):
            store.renew(key, signature, now, tables)
        else:
            mail_state.ask_again(key, earlier, now, tables)
    except ConditionFailed as failure:
        return failure.item is not None
    return True
