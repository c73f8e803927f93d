"""Take back a signature that came with an import, when staff undo the import."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import change_withdrawn
from chalicelib.signatures.model import Signature, SignatureState

ATTEMPTS = 3


def take_back(key: Key, receipt: str, petition: Petition, now: datetime, tables: Tables) -> bool:
    """Remove the personal data and subtract the signature from the tally, if it came only with this receipt.

    Return whether it is taken back, now or by an earlier call. Its person did not withdraw: they may be imported or
    sign again. Raise Conflicted if the signature keeps changing.
    """
    for _ in range(ATTEMPTS):
        seen = store.find(key, tables)
        if seen is None or seen.taken_back_at:
            return seen is not None
        if not _came_only_with(receipt, seen):
            return False
        try:
            change_withdrawn(petition, seen, store.taking_back(key, seen, now), now, tables)
            return True
        except ConditionFailed:
            continue  # Its person signed, confirmed or withdrew meanwhile: read it again.
    raise Conflicted("storage")


def _came_only_with(receipt: str, seen: Signature) -> bool:
    """Return whether nobody else obtained it, and its person has not confirmed it by our email."""
    is_confirmed_by_email = seen.state is SignatureState.CONFIRMED and seen.mails > 0
    return seen.receipt == receipt and not seen.also_obtained_by and not is_confirmed_by_email
