"""The watch enables or disables the event sources of the senders, once a minute.

If SES's quota is used up, a sender only stores a pause (pause.py). The next run of the watch reads the pause and
disables the event sources. Without a pause, the watch enables the source of urgent email. It enables the source of
other email only while little urgent email waits. Each run compares the actual state with the needed state, so after a
crash the next run does what is needed.
"""

from datetime import datetime

from chalicelib.aws.queue import Queue
from chalicelib.aws.source import Source
from chalicelib.aws.table import Tables
from chalicelib.mail.pause import is_paused
from chalicelib.mail.whole_rate import keep_other_off, turn_other_on

# While more urgent emails than this wait, no other email is sent.
MAX_URGENT_WAITING = 20


def watch(urgent: Source, other: Source, urgent_queue: Queue, now: datetime, tables: Tables) -> tuple[bool, bool]:
    """Switch both event sources. While many urgent emails wait, urgent email gets the whole rate (whole_rate.py).

    Return whether urgent email may be sent, and whether other email may. Raise Unavailable; the next run tries again.
    """
    sends_urgent = not is_paused(now, tables)
    urgent.switch(is_on=sends_urgent)
    if not sends_urgent:
        # Do not grant the whole rate. Otherwise, after the pause, other email would wait until the grant ends.
        other.switch(is_on=False)
        return False, False
    if urgent_queue.depth() <= MAX_URGENT_WAITING:
        return True, turn_other_on(other, now, tables)
    keep_other_off(other, now, tables)
    return True, False
