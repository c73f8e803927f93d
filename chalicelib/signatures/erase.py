"""Erase a signature: remove it from the count and delete all personal data (GDPR, article 17)."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.withdraw import withdraw

ATTEMPTS = 3


def erase(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Withdraw the signature, which also updates the tally, then empty its item. Idempotent from any state.

    The empty item stays for ERASED_LIFETIME, so that a message in the overflow queue cannot sign again. Raise
    Conflicted if the address keeps signing again.
    """
    for _ in range(ATTEMPTS):
        withdraw(key, petition, now, tables)
        try:
            store.empty(key, now, tables)
        except ConditionFailed as failure:
            if failure.item and "erased_at" not in failure.item:
                continue  # It was signed again between the two calls.
        return
    raise Conflicted("storage")
