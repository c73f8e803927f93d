"""Record what staff do, and read the records."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.staff.audit import store
from chalicelib.staff.audit.model import Action, Actor, AuditRecord


def record(actor: Actor, action: Action, now: datetime, tables: Tables) -> None:
    """Call this before the action: without a record, do not act. A recorded action may still have failed."""
    store.keep(AuditRecord(at=now, actor=actor, action=action), tables)


def entries(since: datetime, until: datetime, tables: Tables, before: str = "") -> Iterator[AuditRecord]:
    """Return entries lazily, newest first. `before`: only those before the entry with this cursor."""
    return store.newest_first(since, until, tables, before)
