"""Erase a signature: remove it from the count and delete all personal data (GDPR, article 17)."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.withdraw import withdraw

ATTEMPTS = 3


def erase(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Withdraw the signature, which also updates the tally, then empty its item. Safe to repeat, from any state.

    The empty item stays for ERASED_LIFETIME, so that an earlier message in the overflow queue cannot sign again.
    Raise Conflicted if the address keeps signing again.
    """
    for _ in range(ATTEMPTS):
        withdraw(key, petition, now, tables)
        try:
            store.empty(key, now, tables)
        except ConditionFailed as failure:
            if failure.item:
                continue  # The address signed again between the two calls.
            # There is no item, so nothing is left to erase.
        return
    raise Conflicted("storage")


def erase_all(identities: Iterable[tuple[Petition, str]], now: datetime, tables: Tables) -> None:
    """Erase an address's signatures in these petitions, including those that still wait in the overflow queue.

    Where there is no signature, store an empty item: the queue's worker finds it and drops the earlier message.
    After an error, only some signatures are erased; it is safe to call this again.
    """
    for petition, identity in identities:
        key = keys.signature(petition.slug, identity)
        try:
            store.mark_erased(key, now, tables)
        except ConditionFailed:
            erase(key, petition, now, tables)
