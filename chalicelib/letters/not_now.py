"""Whether a letter may be sent now: its target may be paused, or have a pace."""

from datetime import datetime

from chalicelib.aws.table import Item, Tables
from chalicelib.core.letter_keys import letter_ids
from chalicelib.letters.pace import turn
from chalicelib.letters.target_state import target_state
from chalicelib.mail.kind import Later, NotSent
from chalicelib.petitions.letter import LetterTarget, Paced


def not_now(key: str, stored: Item, target: LetterTarget, now: datetime, tables: Tables) -> NotSent | Later | None:
    """Return why the letter is not sent now; None: it is."""
    letter = letter_ids(key)
    if target_state(letter.slug, letter.target, tables).is_paused:
        return NotSent.HELD
    if isinstance(target.delivery, Paced):
        due = turn(letter.slug, letter.target, key, target.delivery, stored.get("mail_due_at"), now, tables)
        return Later(due) if due > now else None
    return None
