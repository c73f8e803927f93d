"""Decide whether a letter is sent now.

While the target is paused or in test mode, the letter waits. If the target has a pace, the letter waits for its turn.
If the target gets digests, only the first letters are sent singly. Each later letter is reported in a digest: one email
about many letters. In the item of a letter to a member of parliament, `member` is the member's constituency.
"""

from datetime import datetime

from chalicelib.aws.table import Attr, Change, Item, Tables
from chalicelib.core import letter_keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.letter_keys import LetterIds, letter_ids
from chalicelib.letters.deliveries import LETTERS, waits_for_turn
from chalicelib.letters.digest_contents import gather
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import TargetState, record_digests, target_state
from chalicelib.mail.counted import transact
from chalicelib.mail.kind import Later, NotSent
from chalicelib.mail.state import is_requested
from chalicelib.petitions.letter import Digest, LetterTarget, Paced
from chalicelib.petitions.members import member_of_constituency
from chalicelib.projections.dimensions import area_of
from chalicelib.signatures.model import Signature


def reason_not_to_send(
    key: str, stored: Item, target: LetterTarget, signature: Signature, now: datetime, tables: Tables
) -> NotSent | Later | None:
    """Return why the letter is not sent now, or None to send it.

    The call may also change what is stored: mark the letter to be sent singly, add it to a digest, or book its turn.
    """
    letter = letter_ids(key)
    state = target_state(letter.slug, letter.target, tables)
    if state.is_paused or target.test_to:
        return NotSent.HELD
    if target.members and _is_member_paused(letter, stored["member"], tables):
        return NotSent.HELD
    if isinstance(target.delivery, Digest):
        max_singles = target.delivery.first
        is_single = "single" in stored or _mark_single(key, stored, max_singles, state, tables)
        if is_single:
            return None
        return _add_to_digest(key, stored, signature, state, now, tables)
    if isinstance(target.delivery, Paced):
        due = book_letter_turn(key, target.delivery, now, tables, has_turn=waits_for_turn(stored))
        return Later(due) if due > now else None
    return None


def _is_member_paused(letter: LetterIds, constituency: str, tables: Tables) -> bool:
    """Return whether letters to the constituency's member are paused, or the constituency has no member any more."""
    if member_of_constituency(constituency) is None:
        return True
    return target_state(letter.slug, letter.target, tables, constituency).is_paused


def _mark_single(key: str, stored: Item, max_singles: int, state: TargetState, tables: Tables) -> bool:
    """Mark this letter to be sent singly, and count it in the same transaction. Return whether it was marked.

    Do not mark it if the target already has `max_singles` marked letters, or if the letter's request is settled.
    """
    if state.single_letters >= max_singles:  # This saves most transactions. The condition `has_room` is exact.
        return False
    letter, request = letter_ids(key), LETTERS.request_of(stored)
    has_room = Attr("singles").not_exists() | Attr("singles").lt(max_singles)
    mark = Change(LETTERS.item_key(key), assign={"single": True}, when=is_requested(request))
    count = Change(letter_keys.target(letter.slug, letter.target), add={"singles": 1}, when=has_room)
    try:
        transact([mark, count], tables)
    except ConditionFailed:
        return False
    return True


def _add_to_digest(
    key: str, stored: Item, signature: Signature, state: TargetState, now: datetime, tables: Tables
) -> NotSent:
    """Add the letter to the target's next digest. Return SETTLED: the letter has no request of its own any more."""
    letter = letter_ids(key)
    if not state.has_digests:  # Record it first: a digest of a target without this record would never be sent.
        record_digests(letter.slug, letter.target, tables)
    area = area_of(signature.country or "", signature.postcode or "")
    is_in_own_words = signature.letter is not None and signature.letter.has_own_words
    gather(letter, LETTERS.request_of(stored), area, is_in_own_words, now, tables)
    return NotSent.SETTLED
