"""Take the letters of withdrawn and erased signatures out of the digests whose emails are not sent yet.

While a digest is sealed (digest_contents.py), its attribute LATE notes the people who withdraw. The digest counts its
letters by postcode area, and has slots for letters that the email may show in full. So the item of each letter has the
letter's slot and area.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Self
from zlib import crc32

from chalicelib.aws.expressions import Image
from chalicelib.aws.table import Attr, Change, Condition, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.letter_keys import DigestIds, letter_delivery, letter_ids
from chalicelib.core.times import iso
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail import outstanding
from chalicelib.mail.counted import transact
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.find import letter_as_signed
from chalicelib.projections.dimensions import AREA_PREFIX
from chalicelib.signatures.model import SignatureState, is_moved

# While the digest was sealed: "<signature id> <slot> <area>" for each. The letters' own items no longer have slot and
# area. LATE is removed when the digest's email is settled.
LATE = "late"
IS_SEALED = Attr("sealed_at").exists()
IS_UNSEALED = Attr("sealed_at").not_exists()
# Numbered attributes of the digest's item, each with the id of a signature whose own words can be shown. A newer letter
# may take the slot of an older one.
OWN_WORDS_SLOTS = 20
OWN_WORDS_PREFIX = "own."
NO_SLOT = "-"


def slot_of(signature_id: str, *, has_own_words: bool) -> str:
    if not has_own_words:
        return NO_SLOT
    number = crc32(signature_id.encode()) % OWN_WORDS_SLOTS
    return f"{OWN_WORDS_PREFIX}{number:02}"


class GatheredLetter(NamedTuple):
    """A letter in a digest, with its slot and the postcode area that counts it.

    The letter's item has both, because the signature can have another letter or postcode by the time it is withdrawn.
    """

    key: str
    digest: DigestIds
    slot: str
    area: str

    @property
    def attributes(self) -> dict[str, str]:
        return {"digest": self.digest.day.isoformat(), "digest_slot": self.slot, "digest_area": self.area}

    @classmethod
    def of_withdrawal(cls, withdrawal: str, digest: DigestIds) -> Self:
        """`withdrawal`: a text in LATE."""
        signature_id, slot, area = withdrawal.split(" ", 2)
        return cls(letter_delivery(digest.slug, digest.target, signature_id), digest, slot, area)

    @property
    def withdrawal(self) -> str:
        return f"{letter_ids(self.key).signature_id} {self.slot} {self.area}"

    @property
    def is_in_digest(self) -> Condition:
        """After a withdrawal from a sealed digest, slot and area are no longer in the letter's item."""
        is_this_digest = Attr("digest").eq(self.attributes["digest"])
        has_slot_and_area = Attr("digest_slot").eq(self.slot) & Attr("digest_area").eq(self.area)
        is_area_forgotten = Attr("digest_area").not_exists()
        return is_this_digest & (is_area_forgotten | has_slot_and_area)


def remove_letters_from_digests(
    changes: Iterable[tuple[Image | None, Image | None]], now: datetime, tables: Tables
) -> None:
    """Idempotent. If no digest has the letter, this takes one read for each target.

    `changes`: each signature before and after its change. Raise Unavailable to retry the whole batch.
    """
    for before, after in changes:
        if before and has_withdrawn(before, after):
            slug = keys.slug_of(before["pk"])
            version = letter_as_signed(slug, before["letter"]["version"], tables)
            for target in version.letter.targets:
                remove_letter(letter_delivery(slug, target.key, before["sk"]), now, tables)


def has_withdrawn(before: Image, after: Image | None) -> bool:
    """Return whether this change withdraws or deletes a confirmed signature that had a letter, and does not move it."""
    was_confirmed = before.get("state") == SignatureState.CONFIRMED and "letter" in before
    is_confirmed = after is not None and after.get("state") == SignatureState.CONFIRMED
    return was_confirmed and not is_confirmed and not is_moved(before, after or {})


def remove_letter(key: str, now: datetime, tables: Tables) -> None:
    """Take a letter out of its digest because the person withdrew, and count the letter as dropped. Idempotent.

    If the digest is sealed, note the withdrawal in LATE, and remove the person's area from the letter's item, for
    privacy. If its email is settled, only remove the area. Raise Conflicted if it is unsealed and sealed again
    meanwhile.
    """
    letter = _find_in_digest(key, tables)
    if letter is None or _drop_if_unsealed(letter, now, tables):
        return
    # The digest is sealed. Each change below has as its condition that the email is unsettled, or that it is settled.
    is_unsettled = Attr("ended_at").not_exists()
    note_in_late = Change(letter.digest.key, add={LATE: {letter.withdrawal}}, when=IS_SEALED & is_unsettled)
    # A settled digest has no LATE, so this only checks the condition.
    check_settled = Change(letter.digest.key, remove=[LATE], when=Attr("ended_at").exists())
    if _forget_area(letter, note_in_late, tables) or _forget_area(letter, check_settled, tables):
        return
    # The digest was unsealed after the first try above. If it is sealed again by now, let the caller retry.
    if not _drop_if_unsealed(letter, now, tables):
        raise Conflicted("storage")


def _forget_area(letter: GatheredLetter, digest_change: Change, tables: Tables) -> bool:
    """Remove the slot and area in one transaction with the digest's change. Return False if its condition fails.

    The area is where the person lives, and the letter's item stays stored for years.
    """
    key, area_attributes = LETTERS.item_key(letter.key), ["digest_slot", "digest_area"]
    letter_change = Change(key, remove=area_attributes, when=letter.is_in_digest)
    try:
        transact([letter_change, digest_change], tables)
    except ConditionFailed as failure:
        return failure.index == 0  # The letter was taken out before.
    return True


def take_out_late(ids: DigestIds, withdrawals: set[str], now: datetime, tables: Tables) -> None:
    """Take the letters in LATE out of the sealed digest: their people withdrew during an earlier attempt to send it.

    `withdrawals`: what LATE has. Each letter waits alone again. The mail sender then drops it, unless the person has
    confirmed again with a letter. Then remove LATE unless it has changed. Raise Conflicted if the digest is not sealed.
    """
    for withdrawal in sorted(withdrawals):
        _make_wait_again(GatheredLetter.of_withdrawal(withdrawal, ids), now, tables)
    tables.try_update(Change(ids.key, remove=[LATE], when=is_still(LATE, withdrawals)))


def _make_wait_again(letter: GatheredLetter, now: datetime, tables: Tables) -> None:
    """Request the letter again. The sweep finds and queues it. Raise Conflicted if the digest is not sealed."""
    LETTERS.mark_group(letter.key, now, tables)
    # Only the sweep queues this request, and it walks a group only at times. So it is due now.
    waiting = {**LETTERS.request_attributes(now), "mail_due_at": iso(now)}
    if not _take_out(letter, when=IS_SEALED, assign=waiting, others=[], tables=tables):
        raise Conflicted("storage")
    group = outstanding.group_of(LETTERS.item_key(letter.key))
    outstanding.bring_walk_forward(group, now, tables)


def _find_in_digest(key: str, tables: Tables) -> GatheredLetter | None:
    """Return None also if `_forget_area` removed its area before: then nothing is left to do."""
    item = tables.get(LETTERS.item_key(key), consistent=True)
    if item is None or "digest_area" not in item:
        return None
    ids = letter_ids(key)
    digest = DigestIds(ids.slug, ids.target, date.fromisoformat(item["digest"]))
    return GatheredLetter(key, digest, item["digest_slot"], item["digest_area"])


def _drop_if_unsealed(letter: GatheredLetter, now: datetime, tables: Tables) -> bool:
    """If the digest is sealed, change nothing and return False. Return True also if the letter was taken out before."""
    count = LETTERS.counter_change(letter.key, now.date(), {DeliveryOutcome.DROPPED: 1}, tables)
    dropped = {"mail_dropped_at": iso(now)}
    return _take_out(letter, when=IS_UNSEALED, assign=dropped, others=[count], tables=tables)


def _take_out(
    letter: GatheredLetter, when: Condition, assign: Mapping[str, str], others: Sequence[Change], tables: Tables
) -> bool:
    """Use one transaction with `others`. Return False if the digest does not meet the condition `when`."""
    item_key = LETTERS.item_key(letter.key)
    item = Change(item_key, assign=assign, remove=[*letter.attributes], when=letter.is_in_digest)
    # If this person confirms again, another digest may get the letter. So clear the slot: otherwise both emails could
    # show it. If the slot has a newer letter by now, this digest only counts that letter, and does not show it.
    cleared = [] if letter.slot == NO_SLOT else [letter.slot]
    digest = Change(letter.digest.key, add={"letters": -1, AREA_PREFIX + letter.area: -1}, remove=cleared, when=when)
    try:
        transact([item, digest, *others], tables)
    except ConditionFailed as failure:
        return failure.index == 0  # The letter was taken out before.
    return True
