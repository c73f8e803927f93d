"""Write down what somebody on the staff is about to do, and read it back."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.staff.audit import store
from chalicelib.staff.audit.model import Action, Actor, Entry


def record(actor: Actor, action: Action, now: datetime, tables: Tables) -> None:
    """Before the action: what cannot be written down is not done. So an entry may be of a action that then failed."""
    store.keep(Entry(at=now, actor=actor, action=action), tables)


def entries(since: datetime, until: datetime, tables: Tables, before: str = "") -> Iterator[Entry]:
    """Newest first, read as they are asked for. `before` is the cursor of the last one already seen."""
    return store.newest_first(since, until, tables, before)
