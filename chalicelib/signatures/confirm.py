"""Confirm a signature: the owner of the mailbox corrects and confirms it, and it is counted once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted, FieldError, Invalid, LinkExpired
from chalicelib.core.tokens import Subject
from chalicelib.core.validation import field_errors
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import change_counted
from chalicelib.signatures.form import WORDS, Corrections
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.tallies.model import TallyEntry

ATTEMPTS = 3
NO_CHANGE: Mapping[str, Any] = {}


def read_corrections(fields: Mapping[str, str], country: str) -> Corrections:
    """Return corrections for only the fields that were sent. Raise Invalid."""
    sent = {name: fields[name] for name in Corrections.model_fields if name in fields}
    try:
        return Corrections.model_validate(sent, context={"country": country})
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error


def check_version(shown: str | None, petition: Petition) -> None:
    """Raise Invalid if the petition was edited after the page was shown. `shown` is None if no page was shown."""
    if shown is not None and shown != petition.version:
        raise Invalid([FieldError("version", "The petition has just been edited. Read it again, then confirm")])


def versions_now(petition: Petition) -> dict[str, str]:
    """Return what `confirm` stores if its page showed the current text and wordings. Otherwise the signed ones stay."""
    return {"text_version": petition.text_version, "consent_version": petition.consent_version}


def confirm(
    subject: Subject,
    corrections: Corrections,
    petition: Petition,
    now: datetime,
    tables: Tables,
    *,
    also: Mapping[str, Any] = NO_CHANGE,
    issued: datetime | None = None,
) -> SignatureState:
    """Confirm the signature and return its state. Idempotent; normally one call to the table.

    `also`: more attributes to store. A `letter` also settles the offer to send one. With `by_partner`, the tally
    counts the signature as the partner's; otherwise as confirmed by the mailbox's owner, who gets the petition's
    receipt if it has one. `issued`: when the owner's link was issued; a later withdrawal ends the link.

    Raise LinkExpired if the petition closed over a day ago, the link has ended or the signature is gone, Invalid if
    the postcode does not fit the current country, and Conflicted if the signature keeps changing.
    """
    if not petition.confirmable_at(now):
        raise LinkExpired(subject.slug, subject.signature_id)
    for _ in range(ATTEMPTS):
        changes = {**corrected(corrections, subject.country), **also}
        found = _confirm_as_linked(subject, changes, petition, now, tables, issued)
        if found is None:
            return SignatureState.CONFIRMED
        if found.state is not SignatureState.PENDING:
            if issued and found.offers_letter(issued) and "letter" in also:
                store.answer_offer(subject.key, also["letter"], tables)
            return found.state
        if issued and found.has_ended(issued):
            raise LinkExpired(subject.slug, subject.signature_id)
        # It was signed again after the email, so country or source changed. Check the postcode against that country.
        subject = subject._replace(country=found.country or "", source=found.source or "")
        corrections = read_corrections(corrections.model_dump(exclude_unset=True), subject.country)
    raise Conflicted("storage")


def corrected(corrections: Corrections, country: str) -> dict[str, Any]:
    """Return the corrections. Remove a postcode that was given for another country, unless it is corrected too."""
    given = corrections.model_dump(exclude_unset=True)
    moved = given.get("country", country) != country
    return {**({"postcode": None} if moved else {}), **given}


def _confirm_as_linked(
    subject: Subject,
    changes: Mapping[str, Any],
    petition: Petition,
    now: datetime,
    tables: Tables,
    issued: datetime | None,
) -> Signature | None:
    """Confirm and count; return None. If it differs from the link's signature, return it as stored.

    Raise LinkExpired if the signature does not exist.
    """
    by_partner = "by_partner" in changes
    as_linked = TallyEntry(+1, now, changes.get("country", subject.country), subject.source, by_partner)
    has_receipt = petition.receipt and not by_partner
    try:
        change_counted(
            petition,
            as_linked,
            lambda entry: store.confirmation(subject, changes, entry.source, now, receipt=has_receipt, issued=issued),
            tables,
        )
    except ConditionFailed as failure:
        if failure.item is None:
            raise LinkExpired(subject.slug, subject.signature_id) from failure
        return store.as_signature(failure.item)
    return None


def find_linked(subject: Subject, petition: Petition, issued: datetime, now: datetime, tables: Tables) -> Signature:
    """Return the signature that the link is for. Raise LinkExpired if it is gone or can no longer be confirmed."""
    signature = store.find(subject.key, tables)
    if signature is None:
        raise LinkExpired(subject.slug, subject.signature_id)
    has_ended = not petition.confirmable_at(now) or signature.has_ended(issued)
    if signature.state is SignatureState.PENDING and has_ended:
        raise LinkExpired(subject.slug, subject.signature_id)
    return signature


def settled(expired: LinkExpired, tables: Tables) -> SignatureState | None:
    """Return the signature's state if it was confirmed or withdrawn before its link expired; otherwise None."""
    signature = store.find(keys.signature(expired.slug, expired.signature_id), tables)
    return signature.state if signature and signature.state is not SignatureState.PENDING else None
