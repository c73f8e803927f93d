"""Accept a signature when the table cannot: it waits in the overflow queue, and is kept from there.

Nothing is acknowledged before the table or the queue has it. A table that took it without saying so, or a message
that comes twice, still makes one signature and one mail wanted: the key is the same, and so is the moment of signing.
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
    """Keep it in the table, else in the queue. Raise Unavailable when neither has certainly taken it.

    The queue is asked for only when it is needed: its client costs a cold start more than signing does.
    """
    if not level.includes(Level.ACCEPT_ONLY):
        try:
            return keep(finished, now, tables)
        except Unavailable:
            pass  # Perhaps kept, perhaps not: the queue's message comes to the same.
    queue().send([Outgoing(finished.model_dump(mode="json", exclude_none=True))])
    return Outcome.OVERFLOWED


def store(finished: Finished, now: datetime, tables: Tables) -> Outcome:
    """Idempotent, in any order, however late. Raise Unavailable, and the message comes again.

    A petition that was closed or removed since does not matter: it was open when this was signed, and 202 was said.
    Whether a mail still makes sense, the sender decides.
    """
    expires = finished.signature.expires_at
    if expires is not None and expires <= now:
        return Outcome.OVERTAKEN  # Whoever did not confirm for so long is forgotten, in the table as here.
    return keep(finished, now, tables, late=True)
