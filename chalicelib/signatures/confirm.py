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
from chalicelib.signatures.counted import change_and_count
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


def current_versions(petition: Petition) -> dict[str, str]:
    """Return the versions that `confirm` stores if its page showed the current text. Otherwise the signed ones stay."""
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

    `also`: more attributes to store. A `letter` in it also answers the offer to send a letter. With `by_partner`, the
    tally counts the signature as the partner's. Otherwise the mailbox's owner confirms it, and gets a receipt by email
    if the petition sends receipts. `issued`: when the owner's link was issued; a later withdrawal ends the link.

    Raise LinkExpired if the petition closed more than a day ago, the link has ended or the signature is gone, Invalid
    if the postcode does not fit the current country, and Conflicted if the signature keeps changing.
    """
    if not petition.is_confirmable_at(now):
        raise LinkExpired(subject.slug, subject.signature_id)
    for _ in range(ATTEMPTS):
        changes = {**corrected_attributes(corrections, subject.country), **also}
        stored = _confirm_as_linked(subject, changes, petition, now, tables, issued)
        if stored is None:
            return SignatureState.CONFIRMED
        if stored.state is not SignatureState.PENDING:
            if issued and stored.offers_letter(issued) and "letter" in also:
                store.answer_offer(subject.key, also["letter"], tables)
            return stored.state
        if issued and stored.has_withdrawal_after(issued):
            raise LinkExpired(subject.slug, subject.signature_id)
        # Somebody signed again after the email, with another country or source. Check the postcode with that country.
        subject = subject._replace(country=stored.country or "", source=stored.source or "")
        corrections = read_corrections(corrections.model_dump(exclude_unset=True), subject.country)
    raise Conflicted("storage")


def corrected_attributes(corrections: Corrections, country: str) -> dict[str, Any]:
    """Return the attributes to change. If the country is corrected without the postcode, remove the postcode."""
    changes = corrections.model_dump(exclude_unset=True)
    has_new_country = changes.get("country", country) != country
    return {**({"postcode": None} if has_new_country else {}), **changes}


def _confirm_as_linked(
    subject: Subject,
    changes: Mapping[str, Any],
    petition: Petition,
    now: datetime,
    tables: Tables,
    issued: datetime | None,
) -> Signature | None:
    """Confirm and count the signature, and return None. If it differs from the link's, return the stored signature.

    Raise LinkExpired if the signature does not exist.
    """
    by_partner = "by_partner" in changes
    linked_entry = TallyEntry(+1, now, changes.get("country", subject.country), subject.source, by_partner)
    has_receipt = petition.receipt and not by_partner
    try:
        change_and_count(
            petition,
            linked_entry,
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
    has_ended = not petition.is_confirmable_at(now) or signature.has_withdrawal_after(issued)
    if signature.state is SignatureState.PENDING and has_ended:
        raise LinkExpired(subject.slug, subject.signature_id)
    return signature


def settled_state(expired: LinkExpired, tables: Tables) -> SignatureState | None:
    """Return the signature's state if it was confirmed or withdrawn before its link expired; otherwise None."""
    signature = store.find(keys.signature(expired.slug, expired.signature_id), tables)
    return signature.state if signature and signature.state is not SignatureState.PENDING else None
