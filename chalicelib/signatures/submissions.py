"""Somebody signs here again, and the owner of the mailbox has not confirmed yet. Only the owner knows who did.

So the confirm page shows the newest submission, and a box is ticked only if every submission ticked it.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.signatures.letter import AskedLetter
from chalicelib.signatures.model import Signature, SignatureState, Typed

# Not the address: it is the same mailbox, and our email has perhaps reached it under the first spelling.
_NEWEST = ("name", "country", "postcode", "language", "text_version", "consent_version")
# Of a signature that a partner obtained first, these stay as they are.
_NEWEST_OF_OUR_OWN = ("source", "channel")


def with_submission(earlier: Signature, new: Signature, signed_at: datetime) -> Signature:
    """Return the signature `earlier` after a further submission: the same one if nothing changes.

    A submission that waited in the overflow queue may be older than the shown one. Then it only unticks boxes.
    """
    shown_at = earlier.submitted_at or earlier.signed_at
    is_newer = signed_at > shown_at
    if earlier.state is SignatureState.PENDING:
        merged = earlier.model_copy(update=_changes(earlier, new, signed_at, is_newer=is_newer))
    elif earlier.by_partner:
        merged = earlier.model_copy(update={"typed": _typed(earlier, new, is_newer=is_newer)})
    else:
        return earlier  # Its owner has confirmed it.
    if merged == earlier:
        return earlier
    return merged.model_copy(update={"submitted_at": max(signed_at, shown_at + timedelta.resolution)})


def _changes(earlier: Signature, new: Signature, signed_at: datetime, *, is_newer: bool) -> dict[str, Any]:
    changes = {"updates": earlier.updates and new.updates, **_letters(earlier, new, signed_at, is_newer=is_newer)}
    if is_newer:
        is_our_own = earlier.obtained_by == new.obtained_by
        names = (*_NEWEST, *_NEWEST_OF_OUR_OWN) if is_our_own else _NEWEST
        changes |= {name: getattr(new, name) for name in names}
    return changes


def _typed(earlier: Signature, new: Signature, *, is_newer: bool) -> Typed:
    """Return what to ask the owner to confirm, of a signature that counts because a partner sent it."""
    shown = new if is_newer or earlier.typed is None else earlier.typed
    updates = new.updates and (earlier.typed is None or earlier.typed.updates)
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
    asked = AskedLetter.model_validate({**shown.model_dump(), "reply": False, "asked_at": asked_at})
    return {"letter": None, "letter_asked": asked}
