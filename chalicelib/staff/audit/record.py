"""Add entries to the activity log, which records what staff do, and read its entries."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.staff.audit import store
from chalicelib.staff.audit.model import Action, Actor, AuditRecord


def record(actor: Actor, action: Action, now: datetime, tables: Tables) -> str:
    """Store an entry, and return its cursor. Call this before the action, which must not be done without a record.

    If the action is then refused, call `record_refusal`. A recorded action may still have failed for another reason.
    """
    return store.add(AuditRecord(at=now, actor=actor, action=action), tables)


def record_refusal(cursor: str, why: str, tables: Tables) -> None:
    """Record that the action of the entry with this cursor was refused. `why` is a sentence for staff."""
    store.add_refusal(cursor, why, tables)


def entries(since: datetime, until: datetime, tables: Tables, before: str = "") -> Iterator[AuditRecord]:
    """Yield entries, newest first. If `before` is a cursor, begin with the next older entry, not at `until`."""
    return store.newest_first(since, until, tables, before)
