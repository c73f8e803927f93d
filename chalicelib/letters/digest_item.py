"""The attributes of a digest's item and of its letters' items that both gathering and taking out letters need.

A digest is one email to a target about many letters. While its email is sent, the digest is sealed: its letters do not
change (digest_contents.py).
"""

from typing import NamedTuple, Self
from zlib import crc32

from chalicelib.aws.table import Attr, Condition
from chalicelib.core.letter_keys import DigestIds, letter_delivery, letter_ids

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
