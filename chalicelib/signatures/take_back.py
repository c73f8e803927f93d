"""Take back a signature that came with an import, when staff undo the import, unless it also came another way."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.counted import withdraw_and_subtract
from chalicelib.signatures.model import Signature, SignatureState

ATTEMPTS = 3


def take_back(key: Key, receipt: str, petition: Petition, now: datetime, tables: Tables) -> bool:
    """Remove the personal data and subtract the signature from the tally, if it came only with this receipt.

    If it came with other receipts too, remove only this receipt. If the person confirmed by our email, the signature
    stays. Return whether it is taken back, now or by an earlier call. The person did not withdraw: they may be imported
    or sign again. Raise Conflicted if the signature keeps changing.
    """
    for _ in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None:
            return False
        if stored.taken_back_at:
            return True
        is_only_receipt = stored.all_receipts == {receipt}
        if receipt not in stored.all_receipts or (is_only_receipt and _is_confirmed_by_email(stored)):
            return False
        try:
            if not is_only_receipt:
                store.remove_receipt(key, receipt, stored, tables)
                return False
            withdraw_and_subtract(petition, stored, store.withdrawal_by_undo(key, stored, now), now, tables)
            return True
        except ConditionFailed:
            continue  # The person signed, confirmed or withdrew meanwhile: read it again.
    raise Conflicted("storage")


def add_receipt(key: Key, receipt: str, tables: Tables) -> bool:
    """Record a further receipt, so that undoing another import does not remove the signature. Idempotent.

    Return False if it is not recorded: the signature is withdrawn or gone, or has too many receipts.
    """
    return store.add_origin(key, {"also_came_with": {receipt}}, tables)


def _is_confirmed_by_email(stored: Signature) -> bool:
    return stored.state is SignatureState.CONFIRMED and stored.mails > 0
