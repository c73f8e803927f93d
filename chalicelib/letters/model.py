"""What letters are made of. The petition's letter and its targets are in `petitions.letter`, because a petition has
them; what a signer sends is in `signatures.letter`.
"""

from datetime import timedelta

from chalicelib.core.errors import UnknownThing
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.signatures.model import Signature, SignatureState

# The item of a letter is what prevents a second one, so it outlives every petition.
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


def may_be_sent(signature: Signature) -> bool:
    """Return whether this person confirmed, and agreed to send a letter. Both may end before it is sent.

    Whether we may email the person is another matter: a letter goes to somebody else.
    """
    return signature.state is SignatureState.CONFIRMED and signature.letter is not None
