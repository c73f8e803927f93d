"""Store and find the receipts of partners in the counts table. A receipt records that a partner sent a signature.

After the undo of an import, the partner may send the same identifier with another email address.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.times import iso, iso_or_none
from chalicelib.partners.model import Receipt, ReceiveOutcome


def find_receipts(receipts: Sequence[Receipt], tables: Tables) -> dict[str, Receipt]:
    """Return the stored versions, by digest."""
    distinct_keys = list(dict.fromkeys(receipt.key for receipt in receipts))
    items = tables.batch_get(distinct_keys, consistent=True)
    return {item["digest"]: as_receipt(item) for item in items}


def as_receipt(item: Item) -> Receipt:
    return Receipt.model_validate(item)


def claim(receipt: Receipt, tables: Tables) -> None:
    """Raise ConditionFailed, with the stored item, if a receipt has this key already."""
    tables.put_new(NewItem(receipt.key, _item(receipt)))


def claim_again(receipt: Receipt, stored: Receipt, tables: Tables) -> bool:
    """Replace the stored receipt. If its `undone_at` has changed meanwhile, change nothing and return False.

    Then an undo marked the receipt, or another request replaced a marked one, perhaps for another signature. A receipt
    that is not marked is only replaced for the same signature (see `receive._claim`).
    """
    assign = _item(receipt)
    remove = [name for name in _item(stored) if name not in assign]
    is_unchanged = is_still("undone_at", iso_or_none(stored.undone_at))
    return tables.try_update(Change(receipt.key, assign=assign, remove=remove, when=is_unchanged))


def settle(receipt: Receipt, result: ReceiveOutcome, tables: Tables) -> None:
    """Record the result, unless the receipt has a result already or now belongs to another signature."""
    is_unsettled = Attr("result").not_exists() & is_still("signature_id", receipt.signature_id)
    tables.try_update(Change(receipt.key, assign={"result": result}, when=is_unsettled))


def record_import(receipt: Receipt, job_id: str, tables: Tables) -> None:
    """Record that an import sent the signature again, unless the receipt now belongs to another signature."""
    is_same = is_still("signature_id", receipt.signature_id)
    tables.try_update(Change(receipt.key, add={"also_in": {job_id}}, when=is_same))


def undo_receipt(receipt: Receipt, job_id: str, now: datetime, tables: Tables) -> None:
    """Remove the import from the receipt. If no other import sent the signature, only mark the receipt as undone."""
    # `job_id` and `row` are of the first import, which no later one replaces. `also_in` has the later imports.
    remaining_first = receipt.job_id if receipt.job_id != job_id else None
    remaining_later = (receipt.also_in or set()) - {job_id}
    is_unchanged = is_still("job_id", receipt.job_id) & is_still("also_in", receipt.also_in)
    if not remaining_first and not remaining_later:
        # Perhaps the API sent the signature later. Then the signature stays (`take_back`), and its receipt keeps the id
        # of this import until `claim_again` replaces it.
        tables.try_update(Change(receipt.key, assign={"undone_at": iso(now)}, when=is_unchanged))
        return
    assign = {"also_in": remaining_later} if remaining_later else {}
    removed_first = [] if remaining_first else ["job_id", "row"]
    removed_later = [] if remaining_later else ["also_in"]
    tables.try_update(Change(receipt.key, assign=assign, remove=removed_first + removed_later, when=is_unchanged))


def receipts_in(slug: str, source: str, bucket: str, tables: Tables) -> Iterator[Receipt]:
    """A bucket is one of the 64 partitions of receipts."""
    partition = keys.receipt_partition(slug, source, bucket)
    return map(as_receipt, tables.query(keys.COUNTS, partition, consistent=True))


def _item(receipt: Receipt) -> Item:
    return receipt.model_dump(exclude_none=True)
