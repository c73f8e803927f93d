"""Erase: no longer counted, and nothing of the person stays (GDPR, article 17)."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.withdraw import withdraw

ATTEMPTS = 3


def erase(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """First withdrawn, which takes it out of the tally in one transaction, then emptied. Idempotent from anywhere.

    An empty item stays for ERASED_LIFETIME: without it a message in the overflow queue would sign again. Raise
    Conflicted if somebody keeps signing.
    """
    for _ in range(ATTEMPTS):
        withdraw(key, petition, now, tables)
        try:
            store.empty(key, now, tables)
        except ConditionFailed as failure:
            if failure.item and "erased_at" not in failure.item:
                continue  # Signed again in the same instant.
        return
    raise Conflicted("storage")
