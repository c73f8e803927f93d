"""Sign: one conditional put and nothing else, unless somebody was there first."""

from datetime import datetime
from enum import StrEnum

from chalicelib import keys
from chalicelib.aws.table import Tables
from chalicelib.errors import ConditionFailed, Unavailable
from chalicelib.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state, store
from chalicelib.signatures.address import signature_id
from chalicelib.signatures.form import SignatureForm
from chalicelib.signatures.model import DIRECT, UNMAILED_LIFETIME, Channel, Signature, State, Wanted

ATTEMPTS = 3


class Outcome(StrEnum):
    """For logs and metrics only. Whoever signed hears the same in every case."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"


def sign(
    form: SignatureForm, channel: Channel, petition: Petition, secret: str, now: datetime, tables: Tables
) -> tuple[str, Outcome]:
    """Keep the signature once, whatever happens how often. Raise Unavailable if it may not be kept."""
    identity = signature_id(petition.slug, form.email.canonical, secret)
    key = keys.signature(petition.slug, identity)
    signature = _new_signature(form, channel, petition, now)
    for _ in range(ATTEMPTS):
        try:
            store.add(key, signature, tables)
            return identity, Outcome.ACCEPTED
        except ConditionFailed as failure:
            earlier = store.as_signature(failure.item or {})
        if _sign_again(key, earlier, signature, now, tables):
            return identity, Outcome.REPEATED
    raise Unavailable


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
        mail_wanted=Wanted.CONFIRM,
        mail_wanted_at=now,
        expires_at=now + UNMAILED_LIFETIME,
    )


def _sign_again(key: Key, earlier: Signature, signature: Signature, now: datetime, tables: Tables) -> bool:
    """The owner of the address learns by mail, within limits; whoever typed it learns nothing.

    False if the earlier one went in this very moment (TTL), and there is nothing to repeat.
    """
    try:
        if _is_over(earlier, now):
            store.renew(key, signature, now, tables)
        else:
            _ask_for_mail(key, earlier, now, tables)
    except ConditionFailed as failure:
        return failure.item is not None
    return True


def _ask_for_mail(key: Key, earlier: Signature, now: datetime, tables: Tables) -> None:
    if earlier.mail_wanted:
        mail_state.nudge_mail(key, now, tables)
    else:
        wanted = Wanted.CONFIRM if earlier.state is State.PENDING else Wanted.ALREADY_SIGNED
        mail_state.want_mail(key, wanted, now, tables)


def _is_over(signature: Signature, now: datetime) -> bool:
    """TTL deletes within days, so an expired item must be read as gone."""
    expired = signature.expires_at is not None and signature.expires_at <= now
    return signature.state is State.WITHDRAWN or (signature.state is State.PENDING and expired)
