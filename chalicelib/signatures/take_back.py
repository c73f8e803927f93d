"""Take back a signature when staff undo the import (a partner's file) that brought it. A receipt has one signature."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import withdraw_and_subtract
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.signatures.withdraw import return_to_pending, withdrawal_by_undo

ATTEMPTS = 3


def take_back(key: Key, receipt: str, petition: Petition, now: datetime, tables: Tables) -> bool:
    """Withdraw the signature if it came only with this receipt. Return whether this call or an earlier one did so.

    If the owner has confirmed it by our email, change nothing. If it also came in another way, remove only the receipt;
    but if nothing then makes it count, make it pending again, and return True. The person can sign again, and a partner
    can send it again. Raise Conflicted if it changes during each attempt.
    """
    for _ in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None:
            return False
        if is_taken_back(stored):
            return True
        is_only_receipt = stored.all_receipts == {receipt}
        # Staff may release a held signature, and put a removed one back: then it counts.
        is_confirmed = (stored.removed_from or stored.state) in (SignatureState.CONFIRMED, SignatureState.HELD)
        is_confirmed_by_email = is_confirmed and not stored.by_partner
        is_counted_by_partner = is_confirmed and stored.by_partner
        if (is_only_receipt and is_confirmed_by_email) or receipt not in stored.all_receipts:
            return False
        try:
            if is_only_receipt:
                change = withdrawal_by_undo(key, stored, now)
            elif is_counted_by_partner and not stored.counts_at_once_with(stored.all_receipts - {receipt}):
                change = return_to_pending(key, receipt, stored, now)
            else:
                store.remove_receipt(key, receipt, stored, tables)
                return False
            withdraw_and_subtract(petition, stored, change, now, tables)
            return True
        except ConditionFailed:
            continue  # The person signed, confirmed or withdrew meanwhile: read the signature again.
    raise Conflicted


def is_taken_back(stored: Signature) -> bool:
    """Return whether the undo of an import withdrew the signature, and nobody has signed again since."""
    return stored.state is SignatureState.WITHDRAWN and stored.taken_back_at is not None


def add_receipt(key: Key, receipt: str, tables: Tables) -> bool:
    """Add a further receipt, so that undoing another import does not withdraw the signature. Idempotent.

    Return False if the signature is withdrawn or deleted, or has too many receipts.
    """
    return store.add_obtainer_and_receipts(key, {"also_came_with": {receipt}}, tables)
