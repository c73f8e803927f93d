"""The keys of letters, which supporters send to a petition's targets. keys.py describes the other keys.

A delivery is the stored state of one email, here of a letter or a digest (mail/deliveries.py). A digest is one email
that reports all letters of a day. A shard is a part of the counts. If a target has a pace, its letters are sent one by
one, at intervals: each letter books a turn, which is the time when it may be sent. The items contain nothing personal
about supporters. If staff request a test of a letter, the target's item has the address to which the test goes.

COUNTS      LETTER#<slug>          <version>        a version of a petition's letter
            LETTERS#<slug>#<shard> <target>#<day>   how many letters were requested, sent … on that day (UTC)
            TARGET#<slug>          <target>         one target: its state (target_state.py); its letters in this hour
                                   <target>#<pace>  the time until which turns are booked at this pace
                                   <target>#<constituency>  one member of parliament: whether letters are paused
            DIGEST#<slug>#<target> <day>            the letters that the digest of that day (London) reports
DELIVERIES  letter#<bucket>        <slug>_<target>_<signature id>  the letter of one person to one target
"""

from datetime import date
from typing import NamedTuple

from chalicelib.core.keys import COUNTS, Key

LETTER = "letter"
DIGEST = "letter-digest"
_DAY = "%Y%m%d"


class LetterIds(NamedTuple):
    slug: str
    target: str
    signature_id: str


def letter_text(slug: str, version: str) -> Key:
    return Key(COUNTS, f"LETTER#{slug}", version)


def letter_delivery(slug: str, target: str, signature_id: str) -> str:
    return f"{slug}_{target}_{signature_id}"


def letter_ids(key: str) -> LetterIds:
    """No id contains an underscore."""
    return LetterIds(*key.split("_"))


class DigestIds(NamedTuple):
    slug: str
    target: str
    day: date

    @property
    def key(self) -> Key:
        return Key(COUNTS, digests_partition(self.slug, self.target), self.day.isoformat())

    @property
    def delivery(self) -> str:
        return f"{self.slug}_{self.target}_{self.day:{_DAY}}"


def digest_ids(delivery: str) -> DigestIds:
    """No id contains an underscore."""
    slug, target, day = delivery.split("_")
    return DigestIds(slug, target, date.fromisoformat(day))


def digests_partition(slug: str, target: str) -> str:
    return f"DIGEST#{slug}#{target}"


def letter_counts_partition(slug: str, shard: int) -> str:
    return f"LETTERS#{slug}#{shard:02}"


def letter_count(slug: str, shard: int, target: str, day: date) -> Key:
    return Key(COUNTS, letter_counts_partition(slug, shard), f"{target}#{day.isoformat()}")


def targets_partition(slug: str) -> str:
    return f"TARGET#{slug}"


def target(slug: str, target_key: str, part: str = "") -> Key:
    """`part`: a pace, or the constituency of a member of parliament. No part contains "#"."""
    sort_key = f"{target_key}#{part}" if part else target_key
    return Key(COUNTS, targets_partition(slug), sort_key)
