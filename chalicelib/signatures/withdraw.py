"""Withdraw a signature, or unsubscribe it from the petition's updates. Both can be done at any time, and repeated."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store, store_leaving
from chalicelib.signatures.counted import withdraw_and_subtract
from chalicelib.signatures.model import SignatureState

ATTEMPTS = 3


def withdraw(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Remove the signature's personal data, and subtract the signature from the tally if it was counted. Idempotent.

    Raise Conflicted if the signature changes during each attempt.
    """
    for _ in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None:
            return
        if stored.state is SignatureState.WITHDRAWN:
            # The undo of an import withdrew this signature, so a later import could store it again. Now the owner
            # withdraws too. After that, no import can store it again while this item exists.
            if stored.taken_back_at and not store_leaving.record_withdrawal_by_owner(key, now, tables):
                continue  # A partner has just stored it again: read it again.
            return
        change = store_leaving.withdrawal(key, stored, now)
        try:
            withdraw_and_subtract(petition, stored, change, now, tables)
            return
        except ConditionFailed:
            continue  # The signature was confirmed or renewed meanwhile: read it again.
    raise Conflicted


def unsubscribe(key: Key, now: datetime, tables: Tables) -> None:
    """Stop the email with updates about the petition. The signature still counts. Idempotent."""
    try:
        store_leaving.stop_updates(key, now, tables)
    except ConditionFailed:
        return  # The signature does not exist or is withdrawn, so there are no updates to stop.
