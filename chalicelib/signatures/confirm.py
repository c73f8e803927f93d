"""Confirm: the owner of the mailbox has the last word, once, and then it counts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, LinkExpired
from chalicelib.core.tokens import Subject
from chalicelib.core.validation import field_errors
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import change_counted
from chalicelib.signatures.form import WORDS, Corrections
from chalicelib.signatures.model import Signature, State
from chalicelib.tallies.model import Entry


def read_corrections(fields: Mapping[str, str], country: str) -> Corrections:
    """Only what was sent is corrected. Raise Invalid."""
    sent = {name: fields[name] for name in Corrections.model_fields if name in fields}
    try:
        return Corrections.model_validate(sent, context={"country": country})
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error


def check_version(shown: str | None, petition: Petition) -> None:
    """Raise Invalid if the petition was edited while somebody was reading the page. None: no page was shown."""
    if shown is not None and shown != petition.version:
        raise Invalid([FieldError("version", "The petition was edited just now. Read it again, then confirm")])


def confirm(
    subject: Subject,
    corrections: Corrections,
    petition: Petition,
    now: datetime,
    tables: Tables,
    *,
    restated: bool = False,
) -> State:
    """One call when it goes well. Again is the same: the state it has now is returned.

    `restated`: the owner had today's text and wordings before their eyes. Else what was signed stays signed.
    Raise LinkExpired when the petition has been closed for a day, or the signature has gone; Invalid when a corrected
    postcode is none of the country that it is signed from by now.
    """
    if not petition.confirmable_at(now):
        raise LinkExpired(subject.slug, subject.signature_id)
    today = {"text_version": petition.text_version, "consent_version": petition.consent_version}
    corrected = {**corrections.model_dump(exclude_unset=True), **(today if restated else {})}
    try:
        change_counted(
            petition,
            Entry(+1, now, subject.country, subject.source),
            lambda entry: store.confirmation(subject, corrected, entry.source, now),
            tables,
        )
    except ConditionFailed as failure:
        if failure.item is None:
            raise LinkExpired(subject.slug, subject.signature_id) from failure
        if failure.item["state"] != State.PENDING:
            return State(failure.item["state"])
        subject = _as_it_is(subject, failure.item)
        # A postcode is read by the rules of its country: perhaps another than the link's.
        corrections = read_corrections(corrections.model_dump(exclude_unset=True), subject.country)
        return confirm(subject, corrections, petition, now, tables, restated=restated)
    return State.CONFIRMED


def _as_it_is(subject: Subject, item: Mapping[str, Any]) -> Subject:
    """Signed anew since the mail went out, from elsewhere: count it where it belongs."""
    return replace(subject, country=item["country"], source=item["source"])


def restate(subject: Subject, petition: Petition, now: datetime, tables: Tables) -> Signature:
    """What the link is about, as it stands. Raise LinkExpired when it cannot be confirmed any more."""
    signature = store.find(subject.key, tables)
    if signature is None:
        raise LinkExpired(subject.slug, subject.signature_id)
    if signature.state is State.PENDING and not petition.confirmable_at(now):
        raise LinkExpired(subject.slug, subject.signature_id)
    return signature


def settled(expired: LinkExpired, tables: Tables) -> State | None:
    """What an expired link led to while it was good; None if to nothing, and it is simply over."""
    signature = store.find(keys.signature(expired.slug, expired.signature_id), tables)
    return signature.state if signature and signature.state is not State.PENDING else None
