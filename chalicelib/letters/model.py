"""Targets and recipients of letters. The petition's letter and its targets are in `petitions.letter`, because they are
part of a petition; the letter of a signer is in `signatures.letter`.
"""

from datetime import timedelta

from chalicelib.aws.table import Item
from chalicelib.core.errors import UnknownThing
from chalicelib.petitions.constituency_table import LONGEST_NAME
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.members import member_of_constituency
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.signatures.model import Signature, SignatureState

# The item of a letter prevents a second letter, so it outlives every petition.
LIFETIME = timedelta(days=6 * 365)


def target_of(petition: Petition, key: str) -> LetterTarget | None:
    """Return the target, if the petition still sends letters to it."""
    if petition.letter is None or petition.state is PetitionState.REMOVED:
        return None
    return petition.letter.target(key)


def find_target(petition: Petition, key: str) -> LetterTarget:
    """Return the target for staff. Raise UnknownThing."""
    target = petition.letter.target(key) if petition.letter else None
    if target is None:
        raise UnknownThing("This petition has no such target.")
    return target


def find_member(target: LetterTarget, constituency: str | None) -> str:
    """Return the constituency that staff name in the query, or "" if they name none. Raise UnknownThing.

    It may be one that is no longer in the table, because its letters may be paused.
    """
    if constituency and not (target.members and len(constituency) <= LONGEST_NAME):
        raise UnknownThing("This target has no such member.")
    return constituency or ""


def reaches(target: LetterTarget, stored: Item) -> bool:
    """Return whether the letter was requested for the recipients that the target still has."""
    return target.members == ("member" in stored)


def recipient(target: LetterTarget, name: str, stored: Item) -> tuple[str, str]:
    """Return the name and the address to write to: the target's, or the member's to whom this letter goes."""
    member = member_of_constituency(stored.get("member", ""))
    return (member.name, member.email) if member else (name, target.email or "")


def may_be_sent(signature: Signature) -> bool:
    """Return whether this person confirmed and agreed to send a letter. This may change before the letter is sent.

    It does not matter whether we may email this person, because a letter goes to somebody else.
    """
    return signature.state is SignatureState.CONFIRMED and signature.letter is not None
