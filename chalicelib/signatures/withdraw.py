"""Withdraw and unsubscribe: taking back is as easy as giving, at any time, as often as one likes."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import change_counted
from chalicelib.signatures.model import Signature, State
from chalicelib.tallies.model import Entry

ATTEMPTS = 3


def withdraw(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Name and address go, and the count with them if it counted. Idempotent. Raise Conflicted if it keeps moving."""
    for _ in range(ATTEMPTS):
        seen = store.find(key, tables)
        if seen is None or seen.state is State.WITHDRAWN:
            return
        try:
            _take_back(key, seen, petition, now, tables)
            return
        except ConditionFailed:
            continue  # Confirmed or renewed in the same instant: look again.
    raise Conflicted("storage")


def unsubscribe(key: Key, tables: Tables) -> None:
    """No more updates; the signature stays. Idempotent."""
    try:
        store.stop_updates(key, tables)
    except ConditionFailed:
        return  # There is nobody to write to any more.


def _take_back(key: Key, seen: Signature, petition: Petition, now: datetime, tables: Tables) -> None:
    change = store.withdrawal(key, seen, now)
    if seen.state is State.PENDING:
        tables.update(change)
        return
    source = seen.counted_source or seen.source or DIRECT
    change_counted(petition, Entry(-1, now, seen.country or "", source), lambda _: change, tables)
