"""Enable and disable the senders' event sources once a minute.

A sender that finds SES's quota used up only stores the pause. The next run reads the pause and disables the event
sources, or enables them when there is no pause. So a crash needs no repair.
"""

from datetime import datetime

from chalicelib.aws.queue import Queue
from chalicelib.aws.source import Source
from chalicelib.aws.table import Tables
from chalicelib.mail.pause import is_paused

# While more confirmations than this are waiting, all other email waits.
NEARLY_NONE = 20


def watch(confirmations: Source, others: Source, waiting: Queue, now: datetime, tables: Tables) -> tuple[bool, bool]:
    """Return whether confirmations and whether other email may be sent. Raise Unavailable; the next run tries again."""
    confirming = not is_paused(now, tables)
    confirmations.turn(is_open=confirming)
    rest = confirming and waiting.depth() <= NEARLY_NONE
    others.turn(is_open=rest)
    return confirming, rest
