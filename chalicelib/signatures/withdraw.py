"""Withdraw a signature, or unsubscribe: as easy as signing, at any time, and idempotent."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import change_counted
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.tallies.model import TallyEntry

ATTEMPTS = 3


def withdraw(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Remove the personal data, and subtract the signature from the tally if it was counted. Idempotent.

    Raise Conflicted if the signature keeps changing.
    """
    for _ in range(ATTEMPTS):
        seen = store.find(key, tables)
        if seen is None or seen.state is SignatureState.WITHDRAWN:
            return
        try:
            _withdraw_seen(key, seen, petition, now, tables)
            return
        except ConditionFailed:
            continue  # It was confirmed or renewed meanwhile: read it again.
    raise Conflicted("storage")


def unsubscribe(key: Key, tables: Tables) -> None:
    """Stop updates; the signature stays. Idempotent."""
    try:
        store.stop_updates(key, tables)
    except ConditionFailed:
        return  # The signature is gone, so there are no updates to stop.


def _withdraw_seen(key: Key, seen: Signature, petition: Petition, now: datetime, tables: Tables) -> None:
    change = store.withdrawal(key, seen, now)
    if seen.state is SignatureState.PENDING:
        tables.update(change)
        return
    source = seen.counted_source or seen.source or DIRECT
    change_counted(petition, TallyEntry(-1, now, seen.country or "", source), lambda _: change, tables)
