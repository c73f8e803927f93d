"""Take the letters of withdrawn and erased signatures out of the digests whose emails are not sent yet.

A digest is one email to a target about many letters (digest_contents.py). An `Image` is a signature's item in the
table's stream of changes. While the digest's email is sent, the digest is sealed: its letters do not change. Its
attribute LATE notes the people who withdraw meanwhile. The digest's item counts its letters by people's postcode area,
and has slots for letters that the email may show in full. So the item of each letter has the letter's slot and area.
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
from chalicelib.signatures.model import SignatureState

# The withdrawals while the digest was sealed: "<signature id> <slot> <area>" for each. The letters' own items no longer
# have slot and area. LATE is removed when the digest's email is settled.
LATE = "late"
IS_SEALED = Attr("sealed_at").exists()
IS_UNSEALED = Attr("sealed_at").not_exists()
# Letters in their senders' own words can be shown in full. The digest's item has this many slots for such letters:
# numbered attributes, each with one signature id. A newer letter may take the slot of an older one.
OWN_WORDS_SLOTS = 20
OWN_WORDS_PREFIX = "own."
NO_SLOT = "-"


def slot_of(signature_id: str, *, has_own_words: bool) -> str:
    """Return the name of the slot for the letter of this signature, or NO_SLOT."""
    if not has_own_words:
        return NO_SLOT
    number = crc32(signature_id.encode()) % OWN_WORDS_SLOTS
    return f"{OWN_WORDS_PREFIX}{number:02}"


class GatheredLetter(NamedTuple):
    """A letter in a digest, and what the digest has of it: the slot, and the postcode area that counts the letter.

    The letter's item has both, because the signature can have another letter or postcode by the time it is withdrawn.
    """

    key: str
    digest: DigestIds
    slot: str
    area: str

    @property
    def attributes(self) -> dict[str, str]:
        """Return the attributes of the letter's item that say in which digest the letter is."""
        return {"digest": self.digest.day.isoformat(), "digest_slot": self.slot, "digest_area": self.area}

    @classmethod
    def of_withdrawal(cls, withdrawal: str, digest: DigestIds) -> Self:
        """Return the letter that `withdrawal`, a text in the digest's LATE, is about."""
        signature_id, slot, area = withdrawal.split(" ", 2)
        return cls(letter_delivery(digest.slug, digest.target, signature_id), digest, slot, area)

    @property
    def withdrawal(self) -> str:
        """Return the text for LATE if the letter's sender withdraws."""
        return f"{letter_ids(self.key).signature_id} {self.slot} {self.area}"

    @property
    def is_in_digest(self) -> Condition:
        """Return the condition that the letter is in this digest, with this slot and area unless they are forgotten.

        After a withdrawal from a sealed digest, slot and area are forgotten: removed from the letter's item.
        """
        is_this_digest = Attr("digest").eq(self.attributes["digest"])
        has_slot_and_area = Attr("digest_slot").eq(self.slot) & Attr("digest_area").eq(self.area)
        is_area_forgotten = Attr("digest_area").not_exists()
        return is_this_digest & (is_area_forgotten | has_slot_and_area)


def remove_letters_from_digests(
    changes: Iterable[tuple[Image | None, Image | None]], now: datetime, tables: Tables
) -> None:
    """Remove the letters of withdrawn signatures from the digests. Idempotent.

    If no digest has the letter, this takes one read for each target. `changes`: each signature before and after its
    change. Raise Unavailable to retry the whole batch.
    """
    for before, after in changes:
        if before and has_withdrawn(before, after):
            slug = keys.slug_of(before["pk"])
            version = letter_as_signed(slug, before["letter"]["version"], tables)
            for target in version.letter.targets:
                remove_letter(letter_delivery(slug, target.key, before["sk"]), now, tables)


def has_withdrawn(before: Image, after: Image | None) -> bool:
    """Return whether this change withdraws or deletes a confirmed signature that had a letter."""
    was_confirmed = before.get("state") == SignatureState.CONFIRMED and "letter" in before
    is_confirmed = after is not None and after.get("state") == SignatureState.CONFIRMED
    return was_confirmed and not is_confirmed


def remove_letter(key: str, now: datetime, tables: Tables) -> None:
    """Take a letter out of its digest because the person withdrew, and count the letter as dropped. Idempotent.

    If the digest is sealed, note the withdrawal in LATE, and remove the person's area from the letter's item, for the
    person's privacy. If the digest's email is settled, only remove the area. Raise Conflicted if the digest is unsealed
    and sealed again meanwhile.
    """
    letter = _find_in_digest(key, tables)
    if letter is None or _drop_if_unsealed(letter, now, tables):
        return
    # The digest is sealed. Its email is unsettled or settled: each change below has one of these as its condition.
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
    """Remove the slot and area from the letter's item, in one transaction with the change of the digest.

    The area is where the person lives, and the letter's item stays stored for years. Return False if the digest does
    not meet the condition of its change.
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
    signed and confirmed again with a letter. At the end, remove LATE unless it has changed. Raise Conflicted if the
    digest is no longer sealed.
    """
    for withdrawal in sorted(withdrawals):
        _make_wait_again(GatheredLetter.of_withdrawal(withdrawal, ids), now, tables)
    tables.try_update(Change(ids.key, remove=[LATE], when=is_still(LATE, withdrawals)))


def _make_wait_again(letter: GatheredLetter, now: datetime, tables: Tables) -> None:
    """Take the letter out of its sealed digest, and request it again. Raise Conflicted if the digest is not sealed.

    The sweep (mail/sweep.py) then finds the request in its group of partitions, and queues it.
    """
    LETTERS.mark_group(letter.key, now, tables)
    # Only the sweep queues this request. A sweep queues a request that is due, or old enough to count as lost. But it
    # reads (walks) a group only at times. So the request is due now, and the next sweep walks its group.
    waiting = {**LETTERS.request_attributes(now), "mail_due_at": iso(now)}
    if not _take_out(letter, when=IS_SEALED, assign=waiting, others=[], tables=tables):
        raise Conflicted("storage")
    group = outstanding.group_of(LETTERS.item_key(letter.key))
    outstanding.bring_walk_forward(group, now, tables)


def _find_in_digest(key: str, tables: Tables) -> GatheredLetter | None:
    """Return the letter if it is in a digest now.

    Return None also if an earlier `remove_letter` removed its area (`_forget_area`): then nothing is left to do.
    """
    item = tables.get(LETTERS.item_key(key), consistent=True)
    if item is None or "digest_area" not in item:
        return None
    ids = letter_ids(key)
    digest = DigestIds(ids.slug, ids.target, date.fromisoformat(item["digest"]))
    return GatheredLetter(key, digest, item["digest_slot"], item["digest_area"])


def _drop_if_unsealed(letter: GatheredLetter, now: datetime, tables: Tables) -> bool:
    """Drop the letter and return True. If the digest is sealed, change nothing and return False.

    Return True also if the letter was taken out before.
    """
    count = LETTERS.counter_change(letter.key, now.date(), {DeliveryOutcome.DROPPED: 1}, tables)
    dropped = {"mail_dropped_at": iso(now)}
    return _take_out(letter, when=IS_UNSEALED, assign=dropped, others=[count], tables=tables)


def _take_out(
    letter: GatheredLetter, when: Condition, assign: Mapping[str, str], others: Sequence[Change], tables: Tables
) -> bool:
    """Take the letter out of its digest in one transaction with `others`. Assign attributes to the letter's item.

    Return True if the digest no longer has the letter, and False if the digest does not meet the condition `when`.
    """
    item_key = LETTERS.item_key(letter.key)
    item = Change(item_key, assign=assign, remove=[*letter.attributes], when=letter.is_in_digest)
    # The slot has a signature's id: the email may show that signature's letter. If this person confirms again, another
    # digest may get the letter. So clear the slot: otherwise both emails could show it. Perhaps the slot has the id of
    # a newer letter by now. Then this digest only counts the newer letter, and does not show it.
    cleared = [] if letter.slot == NO_SLOT else [letter.slot]
    digest = Change(letter.digest.key, add={"letters": -1, AREA_PREFIX + letter.area: -1}, remove=cleared, when=when)
    try:
        transact([item, digest, *others], tables)
    except ConditionFailed as failure:
        return failure.index == 0  # The letter was taken out before.
    return True
