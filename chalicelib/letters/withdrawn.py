"""Remove the letters of withdrawn and erased signatures from the digests whose emails are not sent yet.

A digest is one email to a target about many letters. An `Image` is a signature's item in the table's stream of changes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.letter_keys import letter_delivery, letter_ids
from chalicelib.letters.digest_contents import remove_letter
from chalicelib.petitions.find import letter_as_signed
from chalicelib.projections.dimensions import area_of
from chalicelib.signatures.model import SignatureState

Image = Mapping[str, Any]


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
            area = area_of(before.get("country", ""), before.get("postcode", ""))
            for target in letter_as_signed(slug, before["letter"]["version"], tables).letter.targets:
                key = letter_delivery(slug, target.key, before["sk"])
                remove_letter(key, letter_ids(key), area, now, tables)


def has_withdrawn(before: Image, after: Image | None) -> bool:
    """Return whether this change withdraws or deletes a confirmed signature that had a letter."""
    was_confirmed = before.get("state") == SignatureState.CONFIRMED and "letter" in before
    return was_confirmed and (after is None or after.get("state") != SignatureState.CONFIRMED)
