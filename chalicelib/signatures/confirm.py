"""Confirm a signature: the owner of the mailbox opens the link in our email, may correct the signature, and confirms.

The link contains the country and source as signed, so confirming needs no read first. Some partners' signatures need
no email: they are confirmed when they arrive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from chalicelib.aws.table import Change, Tables, is_still
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
# What the owner's confirmation gives only if the sent form says so.
NOT_GIVEN: Mapping[str, Any] = {"updates": False, "letter": None, "letter_asked": None}


class Confirmation(NamedTuple):
    """The signature's state after `confirm`. `sends_letter`: the letter of this call will be sent, or has been.

    `gets_updates`: the owner has agreed to updates, now or earlier.
    """

    state: SignatureState
    sends_letter: bool
    gets_updates: bool


def read_corrections(fields: Mapping[str, str], country: str) -> Corrections:
    """Return the corrections; a field that was not sent stays unset. Raise Invalid if one is invalid.

    `country`: the signature's. A postcode that was sent without a country must fit it.
    """
    sent = {name: fields[name] for name in Corrections.model_fields if name in fields}
    try:
        return Corrections.model_validate(sent, context={"country": country})
    except ValidationError as error:
        raise Invalid(field_errors(error, WORDS)) from error


def check_version(shown: str | None, petition: Petition) -> None:
    """Raise Invalid if the petition was edited after the page showed the version `shown` (None: no page was shown)."""
    if shown is not None and shown != petition.version:
        raise Invalid([FieldError("version", "The petition has just been edited. Read it again, then confirm")])


@dataclass(frozen=True)
class _Press:
    """What one call of `confirm` is about."""

    subject: Subject
    corrections: Corrections
    petition: Petition
    now: datetime
    tables: Tables
    also: Mapping[str, Any]
    issued: datetime | None
    seen: Signature | None

    @property
    def changes(self) -> dict[str, Any]:
        """What to store of a signature that the owner has confirmed already."""
        return {**corrected_attributes(self.corrections, self.subject.country), **self.also}

    @property
    def first_changes(self) -> dict[str, Any]:
        """What to store of any other signature: with a link, a consent that was not sent is not given."""
        return {**NOT_GIVEN, **self.changes} if self.issued else self.changes

    def as_stored(self, stored: Signature) -> "_Press":
        """After our email, somebody signed again with another country or source. Try again with these.

        Raise Invalid if the postcode does not fit this country, and LinkExpired if it was withdrawn, then signed again.
        """
        if self.issued and stored.has_withdrawal_after(self.issued):
            raise LinkExpired(self.subject.slug, self.subject.signature_id)
        subject = self.subject._replace(country=stored.country or "", source=stored.source or "")
        corrections = read_corrections(self.corrections.model_dump(exclude_unset=True), subject.country)
        return replace(self, subject=subject, corrections=corrections)

    def confirmed_as(self, state: SignatureState) -> Confirmation:
        return Confirmation(state, bool(self.changes.get("letter")), bool(self.changes.get("updates")))


def confirm(
    subject: Subject,
    corrections: Corrections,
    petition: Petition,
    now: datetime,
    tables: Tables,
    *,
    also: Mapping[str, Any] | None = None,
    issued: datetime | None = None,
    seen: Signature | None = None,
) -> Confirmation:
    """Confirm the signature if it is pending. Usually one call to DynamoDB. A held or removed one does not count.

    `subject`: the signature's id, country and source, as in the link.
    `also`: more attributes to store. If the owner has confirmed the signature already, only a consent to updates is
    stored, and a `letter` only if the link's page asked whether to send one. With `by_partner`, the tally counts the
    signature as the partner's. Without it, the owner of the mailbox gets a receipt by email if the petition sends
    receipts.
    `issued`: when the owner's link was issued. If the signature was withdrawn after that, the link no longer works,
    even if it was signed again. With it, a consent that is not sent is not given; one that a partner
    brought with a counted signature stays. None: a partner's signature, which needs no link, and is confirmed only if
    it is still as in `seen`.

    Raise LinkExpired if the petition closed too long ago or was removed, the link no longer works, or the signature
    does not exist; Invalid if the postcode does not fit the stored country; Conflicted after ATTEMPTS. Idempotent.
    """
    if not petition.is_confirmable_at(now):
        raise LinkExpired(subject.slug, subject.signature_id)
    press = _Press(subject, corrections, petition, now, tables, also or {}, issued, seen)
    for _ in range(ATTEMPTS):
        stored = _confirm_pending(press)
        if stored is None:
            return press.confirmed_as(SignatureState.CONFIRMED)
        is_removed = stored.state is SignatureState.REMOVED
        if not stored.waits_for_owner or (is_removed and issued is None):
            confirmation = _press_again(press, stored)
        else:
            press = press.as_stored(stored)
            confirmation = _confirm_uncounted(press, stored)
        if confirmation:
            return confirmation
    raise Conflicted


def corrected_attributes(corrections: Corrections, country: str) -> dict[str, Any]:
    """Return the attributes to change; None removes one. A new country without a postcode removes the postcode."""
    changes = corrections.model_dump(exclude_unset=True)
    has_new_country = changes.get("country", country) != country
    return {"postcode": None, **changes} if has_new_country else changes


def _confirm_pending(press: _Press) -> Signature | None:
    """Confirm and count the signature, and return None.

    Return the stored signature if it is not pending, differs from the link in country or source, or was withdrawn after
    the link was issued. Raise LinkExpired if there is none.
    """
    subject, changes, issued, seen = press.subject, press.first_changes, press.issued, press.seen
    by_partner = bool(changes.get("by_partner"))  # Only partners/receive.py sets it.
    linked_entry = TallyEntry(+1, press.now, changes.get("country", subject.country), subject.source, by_partner)
    has_receipt_email = press.petition.receipt and not by_partner  # It is for people who confirm by our email.

    # If the tally has no room for the link's source, `entry` has the source OTHER.
    def change_for(entry: TallyEntry) -> Change:
        return store.confirmation(
            subject, changes, entry.source, press.now, has_receipt_email=has_receipt_email, issued=issued, seen=seen
        )

    try:
        change_and_count(press.petition, linked_entry, change_for, press.tables)
    except ConditionFailed as failure:
        if failure.item is None:
            raise LinkExpired(subject.slug, subject.signature_id) from failure
        return store.as_signature(failure.item)
    return None


def _confirm_uncounted(press: _Press, stored: Signature) -> Confirmation | None:
    """Record that the owner confirmed a held or removed signature. None: it is neither, or was changed meanwhile."""
    state = SignatureState.REMOVED if stored.state is SignatureState.REMOVED else SignatureState.HELD
    if state is SignatureState.HELD and not stored.held:
        return None
    change = store.uncounted_confirmation(press.subject, state, press.first_changes, press.now, press.issued)
    return press.confirmed_as(state) if press.tables.try_update(change) else None


def _press_again(press: _Press, stored: Signature) -> Confirmation | None:
    """Store what the owner of a signature that is not pending gives. Return None if it was changed meanwhile."""
    key, given, issued = press.subject.key, press.changes, press.issued
    if issued is None:
        return Confirmation(stored.state, bool(stored.letter and given.get("letter")), stored.updates)
    if stored.may_be_confirmed(issued):
        if not _confirm_counted(press, stored):
            return None
        gets_updates = given.get("updates", stored.updates)
    else:
        asks = bool(given.get("updates")) and not stored.updates
        version = given.get("consent_version")
        agrees = asks and store.agree_to_updates(key, issued, version, press.now, press.tables)
        gets_updates = stored.updates or agrees
    answers = stored.offers_letter(issued) and "letter" in given
    if answers and not store.answer_offer(key, given["letter"], press.tables):
        return None
    has_letter = answers or stored.letter is not None
    return Confirmation(stored.state, has_letter and bool(given.get("letter")), gets_updates)


def _confirm_counted(press: _Press, stored: Signature) -> bool:
    """Record that the owner confirmed a signature that counts already. Return False if it was changed meanwhile."""
    changes = {name: value for name, value in press.changes.items() if name != "letter"}
    if "updates" in changes:
        changes["confirmed_with"] = None  # The consent is now the owner's own.
    update = {**changes, "by_partner": None, "typed": None, "owner_confirmed_at": press.now}
    confirmed = stored.model_copy(update=update)
    entry = TallyEntry(0, press.now, confirmed.country or "", "", by_partner=True, old_country=stored.country or "")
    # An undo may end the consent of a file. Without this condition, `change_to` leaves out a consent that was given
    # again here, because it is as in `stored`.
    is_unchanged = store.is_counted_as(stored) & is_still("confirmed_with", stored.confirmed_with)
    change = store.change_to(press.subject.key, stored, confirmed, is_unchanged)
    try:
        change_and_count(press.petition, entry, lambda _entry: change, press.tables)
    except ConditionFailed:
        return False
    return True


def find_linked(subject: Subject, petition: Petition, issued: datetime, now: datetime, tables: Tables) -> Signature:
    """Return the link's signature. Raise LinkExpired if it is missing, or is pending and the link no longer works."""
    signature = store.find(subject.key, tables)
    if signature is None:
        raise LinkExpired(subject.slug, subject.signature_id)
    still_works = petition.is_confirmable_at(now) and not signature.has_withdrawal_after(issued)
    if signature.waits_for_owner and not still_works:
        raise LinkExpired(subject.slug, subject.signature_id)
    return signature


def state_of_expired_link(expired: LinkExpired, tables: Tables) -> SignatureState | None:
    """Return the state of the expired link's signature if it is confirmed or withdrawn, otherwise None."""
    signature = store.find(keys.signature(expired.slug, expired.signature_id), tables)
    if signature is None or signature.waits_for_owner:
        return None
    return signature.state
