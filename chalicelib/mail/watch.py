"""Open and shut the senders' taps, once a minute, from what is written down: nobody has to remember to open them.

A sender that finds SES's quota spent only writes the pause. Whatever crashes after that, the next minute sees the
pause and shuts, or sees none and opens.
"""

from datetime import datetime

from chalicelib.aws.queue import Queue
from chalicelib.aws.source import Source
from chalicelib.aws.table import Tables
from chalicelib.mail.pause import is_paused

# Confirmations that wait; above it, all other mail does.
NEARLY_NONE = 20


def watch(confirmations: Source, others: Source, waiting: Queue, now: datetime, tables: Tables) -> tuple[bool, bool]:
    """Return whether confirmations and other mail may flow. Raise Unavailable: the next minute tries again."""
    confirming = not is_paused(now, tables)
    confirmations.turn(is_open=confirming)
    rest = confirming and waiting.depth() <= NEARLY_NONE
    others.turn(is_open=rest)
    return confirming, rest
