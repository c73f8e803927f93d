"""Partners, their wordings and receipts in the counts table. These items have no names or addresses of people."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Attr, Change, Item, NewItem, Tables, is_still
from chalicelib.core import keys, partner_keys
from chalicelib.core.times import iso
from chalicelib.partners.model import Partner, Receipt, ReceiveOutcome


def add(partner: Partner, tables: Tables) -> None:
    """Raise ConditionFailed if there is a partner with this source."""
    tables.put_new(NewItem(partner_keys.partner(partner.source), partner.model_dump()))


def find(source: str, tables: Tables) -> Partner | None:
    item = tables.get(partner_keys.partner(source), consistent=True)
    return Partner.model_validate(item) if item else None


def list_all(tables: Tables) -> Iterator[Partner]:
    return map(Partner.model_validate, tables.query(keys.COUNTS, partner_keys.PARTNERS_PARTITION, consistent=True))


def keep_wording(source: str, version: str, wording: str, now: datetime, tables: Tables) -> None:
    """Raise ConditionFailed, with the item, if the version has a wording already."""
    tables.put_new(
        NewItem(partner_keys.partner_wording(source, version), {"wording": wording, "recorded_at": iso(now)})
    )


def find_receipts(receipts: Sequence[Receipt], tables: Tables) -> dict[str, Receipt]:
    """Return the stored ones of these receipts, by digest."""
    distinct_keys = list(dict.fromkeys(receipt.key for receipt in receipts))
    return {item["digest"]: as_receipt(item) for item in tables.batch_get(distinct_keys, consistent=True)}


def as_receipt(item: Item) -> Receipt:
    return Receipt.model_validate(item)


def claim(receipt: Receipt, tables: Tables) -> None:
    """Store a new receipt. Raise ConditionFailed with the existing one."""
    tables.put_new(NewItem(receipt.key, _item(receipt)))


def claim_again(receipt: Receipt, stored: Receipt, tables: Tables) -> bool:
    """Replace the stored receipt. Return False, and change nothing, if its `undone_at` changed meanwhile."""
    assign = _item(receipt)
    remove = [name for name in _item(stored) if name not in assign]
    undone_at = Attr("undone_at")
    is_unchanged = undone_at.eq(iso(stored.undone_at)) if stored.undone_at else undone_at.not_exists()
    return tables.try_update(Change(receipt.key, assign=assign, remove=remove, when=is_unchanged))


def settle(receipt: Receipt, result: ReceiveOutcome, tables: Tables) -> None:
    """Record the result, unless one is recorded. Idempotent."""
    is_unsettled = Attr("result").not_exists() & is_still("signature_id", receipt.signature_id)
    tables.try_update(Change(receipt.key, assign={"result": result}, when=is_unsettled))


def note_import(receipt: Receipt, job_id: str, tables: Tables) -> None:
    """Note that an import sent the signature again. Idempotent."""
    is_same = is_still("signature_id", receipt.signature_id)
    tables.try_update(Change(receipt.key, add={"also_in": {job_id}}, when=is_same))


def mark_undone(receipt: Receipt, job_id: str, now: datetime, tables: Tables) -> None:
    """Remove the import from the receipt. Mark the receipt undone if no other import sent it.

    Do nothing if the receipt changed meanwhile.
    """
    others_again = (receipt.also_in or set()) - {job_id}
    other_first = receipt.job_id if receipt.job_id != job_id else None
    is_unchanged = is_still("job_id", receipt.job_id) & is_still("also_in", receipt.also_in)
    if other_first or others_again:
        assign: dict[str, Any] = {"also_in": others_again} if others_again else {}
        remove = [*([] if other_first else ["job_id", "row"]), *([] if others_again else ["also_in"])]
        tables.try_update(Change(receipt.key, assign=assign, remove=remove, when=is_unchanged))
    else:
        tables.try_update(Change(receipt.key, assign={"undone_at": iso(now)}, when=is_unchanged))


def receipts_in(slug: str, source: str, bucket: str, tables: Tables) -> Iterator[Receipt]:
    """Yield a partner's receipts of a petition in one bucket, page by page."""
    return map(
        as_receipt, tables.query(keys.COUNTS, partner_keys.receipt_partition(slug, source, bucket), consistent=True)
    )


def _item(receipt: Receipt) -> Item:
    return receipt.model_dump(exclude_none=True)
