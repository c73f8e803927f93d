"""Accept a signature even if the table is unavailable: the overflow queue keeps it until the table can.

Nothing is acknowledged before the table or the queue has it. A write that succeeded without a response, or a message
that comes twice, still makes one signature and one mail request, because the key and `signed_at` are the same.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import Tables
from chalicelib.core.errors import Unavailable
from chalicelib.shedding.level import Level
from chalicelib.signatures.model import Finished
from chalicelib.signatures.sign import Outcome, keep


def accept(finished: Finished, level: Level, now: datetime, tables: Tables, queue: Callable[[], Queue]) -> Outcome:
    """Store it in the table, or else in the queue. Raise Unavailable if neither has certainly stored it.

    `queue` is called only when needed: building its client costs more of a cold start than signing does.
    """
    if not level.includes(Level.ACCEPT_ONLY):
        try:
            return keep(finished, now, tables)
        except Unavailable:
            pass  # The table may have stored it; the queue's message then changes nothing.
    queue().send([Outgoing(finished.model_dump(mode="json", exclude_none=True))])
    return Outcome.OVERFLOWED


def store(finished: Finished, now: datetime, tables: Tables) -> Outcome:
    """Store a queued signature. Idempotent, in any order, however late. Raise Unavailable to retry the message.

    Store it even if its petition has closed or been removed since: it was open when we answered 202. The sender
    decides whether an email still makes sense.
    """
    expires = finished.signature.expires_at
    if expires is not None and expires <= now:
        return Outcome.OVERTAKEN  # The table would have deleted it by now too.
    return keep(finished, now, tables, late=True)
