"""Sign a petition: store a new signature with one conditional put. Only signing again needs more writes.

If the table does not store it, the overflow queue keeps it; we answer only when one of them has it. A repeated write
has the same key and `signed_at`, so there is still one signature and one mail request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from random import uniform
from time import monotonic, sleep
from typing import Any, NamedTuple

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import Tables
from chalicelib.core import log
from chalicelib.core.address import signature_id
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.metrics import Metric
from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, level_now
from chalicelib.signatures import mail_state, store
from chalicelib.signatures.form import SignatureForm
from chalicelib.signatures.letter import AskedLetter, SignedLetter, signed_letter
from chalicelib.signatures.model import (
    UNMAILED_LIFETIME,
    HeldReason,
    MailKind,
    NewSignature,
    Signature,
    SignatureState,
    Typed,
)

ATTEMPTS = 3
# In seconds. Two writes usually take less than one STEP.
STEP = 0.025
# Shortens a wait only if a write takes longer than two steps.
LONGEST_WAIT = 2.5 * STEP
# Hides the differences of microseconds that remain.
MAX_RANDOM_WAIT = 0.001


@dataclass(frozen=True)
class Origin:
    """All fields are stored with the signature.

    `obtained_by`: the name of the charity or partner. `channel`: form, embed, api, partner, osdi or import.
    `consent_version`: of the wording that the person agreed to. `source`: the campaign or site that the person came
    from. `mail_kind`: which email with a link to confirm `sign` requests, if any. `receipt`: the digest of the
    partner's receipt. `counts_at_once`: this receipt makes the signature count, without our email. `network`: the hash
    of the client's network, if the person signed here. `held`: why to hold the signature, if it looks wrong (held.py).
    """

    obtained_by: str
    channel: str
    consent_version: str
    source: str = DIRECT
    mail_kind: MailKind | None = MailKind.CONFIRM
    receipt: str | None = None
    counts_at_once: bool = False
    network: str | None = None
    held: HeldReason | None = None


def own_origin(
    petition: Petition,
    channel: str,
    source: str | None,
    network: str | None = None,
    held: HeldReason | None = None,
) -> Origin:
    """Return the origin of a signature that the charity obtained here, with the wording of the petition."""
    return Origin(petition.charity, channel, petition.consent_version, source or DIRECT, network=network, held=held)


class Outcome(StrEnum):
    """The result, for partners, logs and metrics only: supporters get the same response for every outcome."""

    ACCEPTED = "accepted"  # No signature with this key was stored before.
    REPEATED = "repeated"  # A signature with this key was stored before, perhaps a withdrawn or expired one.
    OVERFLOWED = "overflowed"  # The overflow queue has the signature, and perhaps the table too.
    # The overflow queue's message requests no email: it has expired, or the stored signature is newer or waits for one.
    OVERTAKEN = "overtaken"


class SignResult(NamedTuple):
    signature_id: str
    outcome: Outcome


@dataclass(frozen=True)
class SigningContext:
    """Where signatures are stored, and the secrets that make their ids, by key version.

    `overflow_queue`: call it only if needed, because in a cold start this takes longer than signing.
    """

    tables: Tables
    overflow_queue: Callable[[], Queue]
    secrets: Mapping[str, str]


def sign(form: SignatureForm, petition: Petition, origin: Origin, now: datetime, context: SigningContext) -> SignResult:
    """Store a signature of any origin in the table, or else in the queue. Signing again stores no second signature.

    Raise Unavailable if perhaps neither table nor queue has the signature, and Invalid if its letter is not allowed.
    """
    identity = signature_id(petition.slug, form.email.canonical, context.secrets[petition.key_version])
    signature = _new_signature(form, petition, origin, now)
    new = NewSignature(slug=petition.slug, signature_id=identity, signature=signature, signed_at=now)
    outcome = _store_or_queue(new, now, context)
    log.measure(Metric[outcome.name])  # Not OVERTAKEN, which has no metric: only `sign_from_queue` returns it.
    return SignResult(identity, outcome)


def sign_from_queue(new: NewSignature, now: datetime, tables: Tables) -> Outcome:
    """Store a signature from the overflow queue. Messages may repeat, be late, and come in any order.

    Store it even if the petition has closed since: it was open when we answered 202. Raise Unavailable to get it again.
    """
    expires = new.signature.expires_at
    if expires is not None and expires <= now:
        return Outcome.OVERTAKEN  # In the table, the signature would have expired by now.
    return _store(new, now, tables, from_queue=True)


def _new_signature(form: SignatureForm, petition: Petition, origin: Origin, now: datetime) -> Signature:
    return Signature(
        state=SignatureState.PENDING,
        signed_at=now,
        name=form.name,
        email=form.email.deliverable,
        country=form.country,
        postcode=form.postcode,
        source=origin.source,
        language=None if form.language == petition.language else form.language,  # None: the main language.
        updates=form.consent.updates,
        letter=signed_letter(form.letter, petition, form.language),
        obtained_by=origin.obtained_by,
        channel=origin.channel,
        text_version=petition.text_version,
        consent_version=origin.consent_version,
        receipt=origin.receipt,
        counts_with={origin.receipt} if origin.receipt and origin.counts_at_once else None,
        mail_kind=origin.mail_kind,
        mail_requested_at=now if origin.mail_kind else None,
        mail_network=origin.network if origin.mail_kind else None,
        network=origin.network,
        held=origin.held,
        expires_at=now + UNMAILED_LIFETIME,
    )


def _store_or_queue(new: NewSignature, now: datetime, context: SigningContext) -> Outcome:
    if not level_now(context.tables).includes(Level.ACCEPT_ONLY):
        try:
            return _store_and_wait(new, now, context.tables)
        except Unavailable:
            pass  # The table may have stored it; the queue's message then changes nothing.
    message = Outgoing(new.model_dump(mode="json", exclude_none=True))
    context.overflow_queue().send([message])
    return Outcome.OVERFLOWED


def _store_and_wait(new: NewSignature, now: datetime, tables: Tables) -> Outcome:
    """Store the signature, and wait, unless a partner sent it: the answer to a partner says whether it is known."""
    started = monotonic()
    outcome = _store(new, now, tables)
    if new.signature.receipt is None:
        wait_for_step(started, is_new=outcome is Outcome.ACCEPTED)
    return outcome


def _store(new: NewSignature, now: datetime, tables: Tables, *, from_queue: bool = False) -> Outcome:
    """Store the signature. If its key exists, add who obtained it, and renew the stored one or request its email.

    `from_queue`: do neither if the stored one is newer, or if the person already waits for its email. Raise Unavailable
    if perhaps nothing is stored.
    """
    for _ in range(ATTEMPTS):
        try:
            store.add(new.key, new.signature, tables)
            return Outcome.ACCEPTED
        except ConditionFailed as failure:
            earlier = store.as_signature(failure.item or {})  # Never {}: `add` fails with the item.
        is_live = not _begins_anew(earlier, new.signature, now)
        added = _new_obtainer_and_receipts(new.signature, earlier)
        if is_live and added:  # Otherwise, `_sign_again` replaces the stored signature, or there is nothing to add.
            store.add_obtainer_and_receipts(new.key, added, tables)
        ends_hold = False
        if is_live and new.signature.receipt is None:  # A partner's data may be old.
            merged = with_submission(earlier, new.signature, new.signed_at or new.signature.signed_at)
            if not store.replace(new.key, earlier, merged, tables):
                continue
            ends_hold = earlier.held is not None and merged.held is None
        # If nobody waits for the requested email yet, `_sign_again` hurries it, because now the person waits.
        waits_for_email = is_live and earlier.mail_kind is not None and earlier.mail_kind.is_awaited
        if from_queue and (waits_for_email or _is_overtaken(new, earlier)):
            return Outcome.OVERTAKEN
        if _sign_again(new.key, earlier, new.signature, now, tables, ends_hold=ends_hold):
            return Outcome.REPEATED
    raise Unavailable


def _new_obtainer_and_receipts(signature: Signature, earlier: Signature) -> dict[str, set[str]]:
    stored_obtainers = {earlier.obtained_by, *(earlier.also_obtained_by or ())}
    not_stored = {
        "also_obtained_by": {signature.obtained_by} - stored_obtainers,
        "also_came_with": signature.all_receipts - earlier.all_receipts,
        "counts_with": (signature.counts_with or set()) - (earlier.counts_with or set()),
    }
    return {name: values for name, values in not_stored.items() if values}


def _is_overtaken(new: NewSignature, earlier: Signature) -> bool:
    """Return whether the stored signature is at least as new as the message: stored, changed or mailed since."""
    whole_second = new.signature.signed_at.replace(microsecond=0)  # The table stores whole seconds.
    if earlier.state is SignatureState.WITHDRAWN:
        # The person may sign again in the second of the withdrawal. `mailed_at` may be of an email requested before it.
        exact_time = new.signed_at or whole_second  # Messages from an earlier version of our code have no exact time.
        return earlier.withdrawn_at is None or earlier.withdrawn_at >= exact_time  # `is None` is only for mypy.
    times = [earlier.signed_at, earlier.confirmed_at, earlier.withdrawn_at, earlier.removed_at, earlier.mailed_at]
    return any(time >= whole_second for time in times if time)


def _begins_anew(earlier: Signature, signature: Signature, now: datetime) -> bool:
    """Return whether the earlier signature is over, so that this one replaces it.

    A stranger may have typed the address in an attack that staff removed. Its owner can sign nevertheless, unless this
    signature looks wrong too.
    """
    is_removed = earlier.state is SignatureState.REMOVED and earlier.waits_for_owner
    is_from_owner = signature.receipt is None and signature.held is None
    return earlier.is_withdrawn_or_expired(now) or (is_removed and is_from_owner)


def _sign_again(
    key: Key, earlier: Signature, signature: Signature, now: datetime, tables: Tables, *, ends_hold: bool
) -> bool:
    """Renew the earlier signature if it is over. Otherwise request its email again, if it may have one.

    The limit of the network counts what `ends_hold` as it counts new signatures. Otherwise one network would be enough
    to end the hold of a whole attack.

    Return False only if TTL has deleted it meanwhile; the caller then tries again.
    """
    try:
        if _begins_anew(earlier, signature, now):
            is_counted = earlier.mails == 0
            renewed = signature if is_counted else signature.model_copy(update={"mail_network": None})
            store.renew(key, renewed, now, tables)
        elif signature.mail_kind:
            network = signature.mail_network
            mail_state.request_or_nudge_mail(key, earlier, now, tables, network, ends_hold=ends_hold)
    except ConditionFailed as failure:
        return failure.item is not None  # Without an item, TTL has deleted the signature.
    return True


def wait_for_step(started: float, *, is_new: bool) -> None:
    """Wait, so that the response time does not show whether an address has signed before.

    Wait until the next whole STEP since `started` (of `monotonic`), and a random time. The first write tries to store
    the signature. If the address is known, a second write requests the email. So a new address gets the step that two
    writes would get.
    """
    took = monotonic() - started
    time_of_two_writes = 2 * took if is_new else took
    next_step = ceil(time_of_two_writes / STEP) * STEP
    wait = min(next_step - took, LONGEST_WAIT)
    sleep(wait + uniform(0, MAX_RANDOM_WAIT))


# Somebody signs here again, and only the owner of the mailbox knows who did. So the confirm page shows the newest
# submission, and a box is ticked only if every submission ticked it. If the signature counts already, only the newest
# letter is kept, for the email that offers it.
# Not the address: it is the same mailbox, and our email has perhaps reached it under the first spelling.
_NEWEST = ("name", "country", "postcode", "language", "text_version", "consent_version")
# Of a signature that a partner obtained first, these stay as they are.
_NEWEST_OF_OUR_OWN = ("source", "channel")


def with_submission(earlier: Signature, new: Signature, signed_at: datetime) -> Signature:
    """Return the signature `earlier` after a further submission: the same one if nothing changes.

    A submission that waited in the overflow queue may be older than the shown one. Then it only unticks boxes. One from
    before the confirmation changes nothing that the owner has confirmed.
    """
    shown_at = earlier.submitted_at or earlier.signed_at
    is_newer = signed_at > shown_at
    if earlier.state is SignatureState.PENDING:
        merged = earlier.model_copy(update=_changes(earlier, new, signed_at, is_newer=is_newer))
    else:
        merged = earlier.model_copy(update=_changes_of_counted(earlier, new, signed_at, is_newer=is_newer))
    if merged == earlier:
        return earlier
    return merged.model_copy(update={"submitted_at": max(signed_at, shown_at + timedelta.resolution)})


def _changes(earlier: Signature, new: Signature, signed_at: datetime, *, is_newer: bool) -> dict[str, Any]:
    changes: dict[str, Any] = {"updates": earlier.updates and new.updates}
    changes |= {"held": _held(earlier, new), **_letters(earlier, new, signed_at, is_newer=is_newer)}
    if is_newer:
        is_our_own = earlier.obtained_by == new.obtained_by
        names = (*_NEWEST, *_NEWEST_OF_OUR_OWN) if is_our_own else _NEWEST
        changes |= {name: getattr(new, name) for name in names}
    return changes


def _held(earlier: Signature, new: Signature) -> HeldReason | None:
    """Return why the signature is held after a further submission, if it is.

    One that would not be held alone ends a hold: it has a proof of work, or comes from a usual network. But a held one
    never makes the signature held: a stranger may have sent it. A disposable address stays one.
    """
    return earlier.held if new.held or earlier.held is HeldReason.DISPOSABLE else None


def _changes_of_counted(earlier: Signature, new: Signature, signed_at: datetime, *, is_newer: bool) -> dict[str, Any]:
    """Return the newest letter as `letter_asked`, or its removal, and what the owner of a partner's signature typed.

    Leave the letter as it is if the owner sends one, or cannot be asked by email.
    """
    changes: dict[str, Any] = {}
    if earlier.by_partner:
        changes["typed"] = _typed(earlier, new, is_newer=is_newer)
    confirmed_at = earlier.owner_confirmed_at or earlier.confirmed_at
    is_after = is_newer and (confirmed_at is None or signed_at > confirmed_at)
    if is_after and earlier.letter is None and earlier.undeliverable is None:
        # A link that offers one letter may be used to send any. So it stays valid, and the owner's press is not lost.
        asked_at = earlier.letter_asked.asked_at if earlier.letter_asked else signed_at
        changes["letter_asked"] = _asked(new.letter, asked_at) if new.letter else None
    return changes


def _typed(earlier: Signature, new: Signature, *, is_newer: bool) -> Typed:
    """Return what to ask the owner to confirm, of a signature that counts because a partner sent it."""
    shown = new if is_newer or earlier.typed is None else earlier.typed
    updates = new.updates and (earlier.typed or earlier).updates
    return Typed(name=shown.name, country=shown.country, postcode=shown.postcode, updates=updates)


def _letters(earlier: Signature, new: Signature, signed_at: datetime, *, is_newer: bool) -> dict[str, Any]:
    """Return the newest letter as `letter`, or as `letter_asked` if not every submission sends one."""
    shown = new.letter if is_newer else earlier.letter or earlier.letter_asked
    if shown is None:
        return {"letter": None, "letter_asked": None}
    if earlier.letter and new.letter:
        reply = earlier.letter.reply and new.letter.reply
        return {"letter": shown.model_copy(update={"reply": reply}), "letter_asked": None}
    asked_at = shown.asked_at if isinstance(shown, AskedLetter) else signed_at
    return {"letter": None, "letter_asked": _asked(shown, asked_at)}


def _asked(letter: SignedLetter, asked_at: datetime) -> AskedLetter:
    return AskedLetter.model_validate({**letter.model_dump(), "reply": False, "asked_at": asked_at})
