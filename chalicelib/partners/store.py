"""Partners, their wordings and receipts in the counts table. No name and no address of a person."""

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


def find_receipts(wanted: Sequence[Receipt], tables: Tables) -> dict[str, Receipt]:
    """Return the stored receipts by digest."""
    found = tables.batch_get(list({each.key: None for each in wanted}), consistent=True)
    return {item["digest"]: as_receipt(item) for item in found}


def as_receipt(item: Item) -> Receipt:
    return Receipt.model_validate(item)


def claim(receipt: Receipt, tables: Tables) -> None:
    """Store a new receipt. Raise ConditionFailed with the existing one."""
    tables.put_new(NewItem(receipt.key, _item(receipt)))


def claim_again(receipt: Receipt, seen: Receipt, tables: Tables) -> bool:
    """Replace a receipt whose import was undone. Return whether it is still as `seen`."""
    fresh = _item(receipt)
    stale = [name for name in _item(seen) if name not in fresh]
    is_seen = Attr("undone_at").eq(iso(seen.undone_at)) if seen.undone_at else Attr("undone_at").not_exists()
    return tables.try_update(Change(receipt.key, assign=fresh, remove=stale, when=is_seen))


def settle(receipt: Receipt, result: ReceiveOutcome, tables: Tables) -> None:
    """Record the result, unless one is recorded. Idempotent."""
    unsettled = Attr("result").not_exists() & is_still("signature_id", receipt.signature_id)
    tables.try_update(Change(receipt.key, assign={"result": result}, when=unsettled))


def note_import(receipt: Receipt, job_id: str, tables: Tables) -> None:
    """Note that an import brought the identifier again. Idempotent."""
    is_same = is_still("signature_id", receipt.signature_id)
    tables.try_update(Change(receipt.key, add={"also_in": {job_id}}, when=is_same))


def mark_undone(receipt: Receipt, job_id: str, now: datetime, tables: Tables) -> None:
    """Forget the import, and free the identifier if no other import brought it. Do nothing if it was claimed again."""
    others = (receipt.also_in or set()) - {job_id}
    first = receipt.job_id if receipt.job_id != job_id else None
    is_unchanged = is_still("job_id", receipt.job_id) & is_still("also_in", receipt.also_in)
    if first or others:
        assign: dict[str, Any] = {"also_in": others} if others else {}
        removed = [name for name, kept in (("job_id", first), ("row", first), ("also_in", others)) if not kept]
        tables.try_update(Change(receipt.key, assign=assign, remove=removed, when=is_unchanged))
    else:
        tables.try_update(Change(receipt.key, assign={"undone_at": iso(now)}, when=is_unchanged))


def receipts_in(slug: str, source: str, bucket: str, tables: Tables) -> Iterator[Receipt]:
    """Yield a partner's receipts of a petition, page by page."""
    return map(
        as_receipt, tables.query(keys.COUNTS, partner_keys.receipt_partition(slug, source, bucket), consistent=True)
    )


def _item(receipt: Receipt) -> Item:
    return receipt.model_dump(exclude_none=True)
