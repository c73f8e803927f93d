"""The letters that a digest reports. A digest is one email to a target, about the letters of one day.

1. A digest gathers letters. One transaction adds the letter to the digest and ends the letter's own request. So the
digest's item counts its letters exactly, and a letter is sent or fails with its digest.
2. When the digest is due, it is closed: it takes no more letters.
3. While its email is sent, the digest is sealed: its letters do not change.

If a person withdraws before the digest is sealed, one transaction removes their letter. A later withdrawal is noted in
the item's attribute LATE: if the email is not sent, the next attempt first takes the letter out, which then waits
alone again (withdrawn.py, also for slots and postcode areas).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.aws.table import Attr, Change, Item, Tables
from chalicelib.core import keys, letter_keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.letter_keys import DigestIds, LetterIds
from chalicelib.core.times import iso
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.pace import in_london
from chalicelib.letters.withdrawn import (
    IS_SEALED,
    LATE,
    NO_SLOT,
    OWN_WORDS_PREFIX,
    GatheredLetter,
    slot_of,
    take_out_late,
)
from chalicelib.mail.counted import transact
from chalicelib.mail.model import MailRequest
from chalicelib.mail.state import is_requested
from chalicelib.projections.dimensions import AREA_PREFIX
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS

# In the time of London. The digest of a day takes letters until this hour.
DIGEST_HOUR = 7
ATTEMPTS = 3
_OPEN = Attr("closed_at").not_exists()
_EXISTS = Attr("letters").exists()  # The item of a digest always has this attribute.


@dataclass(frozen=True)
class DigestContents:
    """`letters`: how many letters it has. `areas`: how many of them are from each postcode area.

    `own_words_ids`: the ids of the signatures of some letters in their senders' own words.
    """

    ids: DigestIds
    letters: int
    areas: Mapping[str, int]
    own_words_ids: Sequence[str]


def next_digest_day(now: datetime) -> date:
    local = in_london(now)
    today = local.date()
    is_for_tomorrow = local.hour >= DIGEST_HOUR
    return today + timedelta(days=1) if is_for_tomorrow else today


def gather(
    letter: LetterIds, request: MailRequest, area: str, is_in_own_words: bool, now: datetime, tables: Tables
) -> DigestIds | None:
    """Put the letter into the next digest, and end the letter's request. Return None if it was settled before."""
    first = next_digest_day(now)
    slot = slot_of(letter.signature_id, has_own_words=is_in_own_words)
    own_words = {} if slot == NO_SLOT else {slot: letter.signature_id}
    # If a machine's clock is ahead, it may have closed the first digest already.
    for day in (first, first + timedelta(days=1)):
        ids = DigestIds(letter.slug, letter.target, day)
        key, gathered = LETTERS.item_key(request.key), GatheredLetter(request.key, ids, slot, area)
        letter_change = Change(key, assign=gathered.attributes, remove=MAIL_REQUEST_FIELDS, when=is_requested(request))
        digest_change = Change(ids.key, assign=own_words, add={"letters": 1, AREA_PREFIX + area: 1}, when=_OPEN)
        try:
            transact([letter_change, digest_change], tables)
        except ConditionFailed as failure:
            if failure.index == 0:  # The letter's change failed: its request is settled.
                return None
            continue
        return ids
    raise Conflicted("storage")


def seal(ids: DigestIds, now: datetime, tables: Tables) -> DigestContents | None:
    """Seal the digest, so that its letters do not change while its email is sent. Return its contents.

    If LATE notes withdrawals from an earlier attempt, take their letters out, and seal again. Return None if there is
    no such digest. Raise Conflicted if people keep withdrawing meanwhile.
    """
    change = Change(ids.key, assign={"sealed_at": iso(now)}, when=_EXISTS)
    for _ in range(ATTEMPTS):
        try:
            item = tables.update_and_read(change)
        except ConditionFailed:
            return None
        withdrawals = item.get(LATE)
        if not withdrawals:
            return _contents_of(ids, item)
        take_out_late(ids, withdrawals, now, tables)
    raise Conflicted("storage")


def unseal(ids: DigestIds, tables: Tables) -> None:
    """Its email was not sent. Letters can be removed again."""
    tables.try_update(Change(ids.key, remove=["sealed_at"], when=IS_SEALED))


def mark_ended(ids: DigestIds, now: datetime, tables: Tables) -> None:
    """Its email is settled. The digest stays sealed, and withdrawals change nothing in it."""
    # If an earlier attempt crashed after `unseal`, this one only marked the email as unknown: so seal it here.
    ended = {"sealed_at": iso(now), "ended_at": iso(now)}
    tables.try_update(Change(ids.key, assign=ended, remove=[LATE], when=_EXISTS))


def close(ids: DigestIds, now: datetime, tables: Tables) -> None:
    """It takes no more letters. Idempotent."""
    tables.try_update(Change(ids.key, assign={"closed_at": iso(now)}, when=_OPEN & _EXISTS))


def mark_requested(ids: DigestIds, now: datetime, tables: Tables) -> None:
    tables.update(Change(ids.key, assign={"requested_at": iso(now)}))


def find_digest(ids: DigestIds, tables: Tables) -> DigestContents | None:
    item = tables.get(ids.key, consistent=True)
    return _contents_of(ids, item) if item else None


def unrequested_digests(slug: str, target: str, tables: Tables) -> Iterator[DigestIds]:
    for item in tables.query(keys.COUNTS, letter_keys.digests_partition(slug, target), consistent=True):
        if "requested_at" not in item:
            yield DigestIds(slug, target, date.fromisoformat(item["sk"]))


def _contents_of(ids: DigestIds, item: Item) -> DigestContents:
    areas: dict[str, int] = {}
    for name, letters in item.items():
        if name.startswith(AREA_PREFIX) and letters > 0:  # 0: all letters from this area were taken out.
            area = name.removeprefix(AREA_PREFIX)
            areas[area] = letters
    slots = sorted(name for name in item if name.startswith(OWN_WORDS_PREFIX))
    own_words_ids = [item[slot] for slot in slots]
    return DigestContents(ids, item["letters"], areas, own_words_ids)
