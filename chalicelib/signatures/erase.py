"""Erase a signature: subtract it from the tally and delete its personal data (GDPR, article 17).

The overflow queue holds signatures that were not stored in the table when somebody signed. Erasing a stored signature
leaves an empty item, so that a message in this queue does not store the signature again.
"""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store_leaving
from chalicelib.signatures.withdraw import withdraw

ATTEMPTS = 3


def erase(key: Key, petition: Petition, now: datetime, tables: Tables) -> None:
    """Withdraw the signature, which also updates the tally, then empty its item. Works in any state. Idempotent.

    The empty item stays for ERASED_LIFETIME, because until then an earlier message may be in the overflow queue.
    Raise Conflicted if somebody signs again with the address during each attempt.
    """
    for _ in range(ATTEMPTS):
        withdraw(key, petition, now, tables)
        try:
            store_leaving.empty_item(key, now, tables)
        except ConditionFailed as failure:
            if failure.item:
                continue  # Somebody signed again with the address between the two calls.
            # There is no item, so nothing is left to erase.
        return
    raise Conflicted


def erase_all(identities: Iterable[tuple[Petition, str]], now: datetime, tables: Tables) -> None:
    """Erase the signatures of an address, also those that wait in the overflow queue.

    `identities`: the petition and id of each signature. If a signature is not stored, store an empty item. The queue's
    worker finds this item, and ignores the earlier message. After an error, perhaps only some signatures are erased. It
    is safe to call this again.
    """
    for petition, identity in identities:
        key = keys.signature(petition.slug, identity)
        try:
            store_leaving.mark_erased(key, now, tables)
        except ConditionFailed:  # There is an item: a signature, or an empty item.
            erase(key, petition, now, tables)
