"""The target and the recipient of a letter, and whether the letter may be sent.

A target with `members` stands for all members of parliament: each letter goes to the member for the sender's
constituency. The settings are in `petitions.letter`, and the letter of a signature in `signatures.letter`.
"""

from datetime import timedelta

from chalicelib.aws.table import Item
from chalicelib.core.errors import UnknownThing
from chalicelib.core.times import iso
from chalicelib.petitions.constituency_table import MAX_NAME_LENGTH, may_live_in, member_of_constituency
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.signatures.letter import SignedLetter
from chalicelib.signatures.model import Signature, SignatureState

# The item prevents a second letter, so we keep it for longer than any petition runs.
LIFETIME = timedelta(days=6 * 365)


def target_unless_removed(petition: Petition, key: str) -> LetterTarget | None:
    if petition.letter is None or petition.state is PetitionState.REMOVED:
        return None
    return petition.letter.target(key)


def find_target(petition: Petition, key: str) -> LetterTarget:
    """Raise UnknownThing if the petition has no such target."""
    target = petition.letter.target(key) if petition.letter else None
    if target is None:
        raise UnknownThing("This petition has no such target.")
    return target


def checked_constituency(target: LetterTarget, constituency: str | None) -> str:
    """Return "" without a constituency. Raise UnknownThing if the target has no members, or the name is too long.

    A constituency may be missing from the table of members now, but have been there when staff paused its member.
    """
    if not constituency:
        return ""
    if not target.members or len(constituency) > MAX_NAME_LENGTH:
        raise UnknownThing("This target has no such member.")
    return constituency


def goes_to_same_target(target: LetterTarget, stored: Item, signature: Signature) -> bool:
    """Return whether the letter still goes to the same target, or to the member for the same constituency.

    The recipient's name and address may have changed. `stored`: the letter's item, with `member` for a member.
    """
    was_for_member = "member" in stored
    if was_for_member != target.members:  # Staff have changed whether the target stands for all members.
        return False
    confirmed_at = signature.confirmed_at
    has_confirmed_again = confirmed_at is not None and iso(confirmed_at) > stored["mail_requested_at"]
    if not target.members or not has_confirmed_again:
        return True
    # The person may have withdrawn, moved and confirmed again while the letter waited.
    return may_live_in(stored["member"], signature.country, signature.postcode)


def recipient(target: LetterTarget, name: str, stored: Item) -> tuple[str, str]:
    """Return name and address: of the member for the constituency in `stored`, or else of the target."""
    member = member_of_constituency(stored.get("member", ""))
    return (member.name, member.email) if member else (name, target.email or "")


def letter_to_send(signature: Signature) -> SignedLetter | None:
    """Return None if this person has not confirmed, or has withdrawn.

    A person who gets no email from us can still send a letter, because the letter goes to somebody else.
    """
    return signature.letter if signature.state is SignatureState.CONFIRMED else None
