"""Confirm a signature: the owner of the mailbox corrects and confirms it, and it is counted once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
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
# By how much the clocks of two functions may differ: of the one that dates a link, and the one that withdraws.
CLOCKS = timedelta(minutes=1)
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
    by_owner: bool = True,
    issued: datetime | None = None,
) -> SignatureState:
    """Confirm the signature and return its state. Idempotent; normally one call to the table.

    `also`: more attributes to store, such as the letter. `by_owner`: the mailbox's owner confirms, so send the receipt
    if the petition has one; if False, a partner sent it, and the tally counts it so. `issued`: when their link was
    issued; a withdrawal after that ends the link. If the signature is confirmed and this link offered its owner a
    letter, the letter in `also` answers the offer. Raise LinkExpired if the petition closed over a day ago, the link
    has ended or the signature is gone, Invalid if the postcode does not fit the current country, and Conflicted if the
    signature keeps changing.
    """
    if not petition.confirmable_at(now):
        raise LinkExpired(subject.slug, subject.signature_id)
    has_receipt = petition.receipt and by_owner
    added = also if by_owner else {**also, "by_partner": True}
    for _ in range(ATTEMPTS):
        changes = {**corrected(corrections, subject.country), **added}
        stored = _confirm_as_linked(subject, changes, petition, now, tables, receipt=has_receipt, issued=issued)
        if stored is None:
            return SignatureState.CONFIRMED
        if stored["state"] != SignatureState.PENDING:
            asked = store.as_signature(stored).letter_asked
            if issued and asked and issued >= asked.offered_from and "letter" in also:
                store.answer_offer(subject.key, also["letter"], tables)
            return SignatureState(stored["state"])
        if issued and _has_ended(issued, store.as_signature(stored)):
            raise LinkExpired(subject.slug, subject.signature_id)
        # It was signed again after the email, so country or source changed. Check the postcode against that country.
        subject = subject._replace(country=stored["country"], source=stored["source"])
        corrections = read_corrections(corrections.model_dump(exclude_unset=True), subject.country)
    raise Conflicted("storage")


def corrected(corrections: Corrections, country: str) -> dict[str, Any]:
    """Return the corrections. Remove a postcode that was given for another country, unless it is corrected too."""
    given = corrections.model_dump(exclude_unset=True)
    moved = given.get("country", country) != country
    return {**({"postcode": None} if moved else {}), **given}


def _has_ended(issued: datetime, signature: Signature) -> bool:
    """Return whether the signature was withdrawn after its link was issued, and signed again since.

    Whoever signed again may be a stranger with an old email. Only an email after that shows who owns the mailbox.
    """
    withdrawn = signature.withdrawn_at
    return withdrawn is not None and withdrawn.replace(microsecond=0) > issued + CLOCKS


def _confirm_as_linked(
    subject: Subject,
    changes: Mapping[str, Any],
    petition: Petition,
    now: datetime,
    tables: Tables,
    *,
    receipt: bool,
    issued: datetime | None,
) -> Mapping[str, Any] | None:
    """Confirm and count; return None. If state, country or source differ from the link's, return the stored item.

    Raise LinkExpired if the signature does not exist.
    """
    as_linked = TallyEntry(+1, now, changes.get("country", subject.country), subject.source, "by_partner" in changes)
    try:
        change_counted(
            petition,
            as_linked,
            lambda entry: store.confirmation(
                subject, changes, entry.source, now, receipt=receipt, withdrawn_until=issued and issued + CLOCKS
            ),
            tables,
        )
    except ConditionFailed as failure:
        if failure.item is None:
            raise LinkExpired(subject.slug, subject.signature_id) from failure
        return failure.item
    return None


def find_linked(subject: Subject, petition: Petition, issued: datetime, now: datetime, tables: Tables) -> Signature:
    """Return the signature that the link is for. Raise LinkExpired if it is gone or can no longer be confirmed."""
    signature = store.find(subject.key, tables)
    if signature is None:
        raise LinkExpired(subject.slug, subject.signature_id)
    has_ended = not petition.confirmable_at(now) or _has_ended(issued, signature)
    if signature.state is SignatureState.PENDING and has_ended:
        raise LinkExpired(subject.slug, subject.signature_id)
    return signature


def settled(expired: LinkExpired, tables: Tables) -> SignatureState | None:
    """Return the signature's state if it was confirmed or withdrawn before its link expired; otherwise None."""
    signature = store.find(keys.signature(expired.slug, expired.signature_id), tables)
    return signature.state if signature and signature.state is not SignatureState.PENDING else None
