"""The keys of letters, which supporters send to a petition's targets. keys.py describes the other keys.

A delivery is the stored state of one email, here of one letter (mail/deliveries.py).

COUNTS      LETTER#<slug>          <version>        a version of a petition's letter
DELIVERIES  letter#<bucket>        <slug>_<target>_<signature id>  the letter of one person to one target
"""

from typing import NamedTuple

from chalicelib.core.keys import COUNTS, Key

LETTER = "letter"


class LetterIds(NamedTuple):
    """The ids of one letter. A person sends at most one letter to each target of a petition."""

    slug: str
    target: str
    signature_id: str


def letter_text(slug: str, version: str) -> Key:
    return Key(COUNTS, f"LETTER#{slug}", version)


def letter_delivery(slug: str, target: str, signature_id: str) -> str:
    """Return the sort key of a letter's delivery."""
    return f"{slug}_{target}_{signature_id}"


def letter_ids(key: str) -> LetterIds:
    """Return the ids in the sort key of a letter's delivery. No id contains an underscore."""
    return LetterIds(*key.split("_"))
