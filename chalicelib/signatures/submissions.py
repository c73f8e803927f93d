"""Somebody signs here again. Only the owner of the mailbox knows who did.

So the confirm page shows the newest submission, and a box is ticked only if every submission ticked it. If the
signature counts already, only the newest letter is kept, for the email that offers it.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.signatures.letter import AskedLetter, SignedLetter
from chalicelib.signatures.model import HeldReason, Signature, SignatureState, Typed

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
