"""Withdraw a signature, or unsubscribe: as easy as signing, at any time, and idempotent."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import withdraw_and_subtract
from chalicelib.signatures.model import SignatureState

ATTEMPTS = 3


def withdraw(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Remove the personal data, and subtract the signature from the tally if it was counted. Idempotent.

    Raise Conflicted if the signature keeps changing.
    """
    for _ in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None:
            return
        if stored.state is SignatureState.WITHDRAWN:
            # Staff undid an import; now the person withdraws too, and must not be imported again.
            if stored.taken_back_at:
                store.forget_undo(key, tables)
            return
        try:
            withdraw_and_subtract(petition, stored, store.withdrawal(key, stored, now), now, tables)
            return
        except ConditionFailed:
            continue  # The signature was confirmed or renewed meanwhile: read it again.
    raise Conflicted("storage")


def unsubscribe(key: Key, tables: Tables) -> None:
    """Stop updates; the signature stays. Idempotent."""
    try:
        store.stop_updates(key, tables)
    except ConditionFailed:
        return  # The signature is gone, so there are no updates to stop.
