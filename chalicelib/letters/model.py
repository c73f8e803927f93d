"""Targets and recipients of letters. The petition's letter and its targets are in `petitions.letter`, because they are
part of a petition; the letter of a signer is in `signatures.letter`.
"""

from datetime import timedelta

from chalicelib.aws.table import Item
from chalicelib.core.errors import UnknownThing
from chalicelib.petitions.constituency_table import MAX_NAME_LENGTH
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
    """Return the target for staff. Raise UnknownThing if there is none."""
    target = petition.letter.target(key) if petition.letter else None
    if target is None:
        raise UnknownThing("This petition has no such target.")
    return target


def find_member(target: LetterTarget, constituency: str | None) -> str:
    """Return the constituency that staff name in the query ("": none). Raise UnknownThing if it cannot be one.

    It need not be in the table any more, because its letters may still be paused.
    """
    if constituency and not (target.members and len(constituency) <= MAX_NAME_LENGTH):
        raise UnknownThing("This target has no such member.")
    return constituency or ""


def has_same_recipients(target: LetterTarget, stored: Item) -> bool:
    """Return whether the target has the same recipients as when the letter was requested: its members, or itself."""
    return target.members == ("member" in stored)


def recipient(target: LetterTarget, name: str, stored: Item) -> tuple[str, str]:
    """Return the name and the address of the recipient: the member of parliament of this letter, or else the target."""
    member = member_of_constituency(stored.get("member", ""))
    return (member.name, member.email) if member else (name, target.email or "")


def may_send_letter(signature: Signature) -> bool:
    """Return whether this person confirmed and agreed to send a letter. This may change before the letter is sent.

    It does not matter whether we may email this person, because a letter goes to somebody else.
    """
    return signature.state is SignatureState.CONFIRMED and signature.letter is not None
