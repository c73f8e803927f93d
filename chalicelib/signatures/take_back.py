"""Take back a signature that came with an import, when staff undo the import, unless it came otherwise too."""

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

    If it came with other receipts too, only this receipt is removed. If the person confirmed by our email, it stays.
    Return whether it is taken back, now or by an earlier call. Its person did not withdraw: they may be imported or
    sign again. Raise Conflicted if the signature keeps changing.
    """
    for _ in range(ATTEMPTS):
        seen = store.find(key, tables)
        if seen is None or seen.taken_back_at:
            return seen is not None
        if receipt not in seen.came_with or (seen.came_with == {receipt} and _is_confirmed_by_email(seen)):
            return False
        try:
            if seen.came_with != {receipt}:
                store.let_go(key, receipt, seen, tables)
                return False
            change_withdrawn(petition, seen, store.taking_back(key, seen, now), now, tables)
            return True
        except ConditionFailed:
            continue  # The person signed, confirmed or withdrew meanwhile: read it again.
    raise Conflicted("storage")


def also_came_with(key: Key, receipt: str, tables: Tables) -> bool:
    """Note that it came again, so that it is not taken back without this receipt. Return False if it is not noted.

    A signature that is withdrawn, or came in very many ways, takes no note.
    """
    return store.note_origin(key, {"also_came_with": {receipt}}, tables)


def _is_confirmed_by_email(seen: Signature) -> bool:
    return seen.state is SignatureState.CONFIRMED and seen.mails > 0
