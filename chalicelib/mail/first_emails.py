"""Limit the first emails of signatures for each client network: a burst, then a steady rate.

Anybody can sign with the addresses of strangers. Above the limit, a signature is stored as usual, but its first email
waits for a turn of the network that the signature came from. The network is stored only as a hash, and for a short time
(signatures/origin.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import mail_keys
from chalicelib.mail.turns import Turns, book as book_turn

# docs/security.md has the simulation behind these numbers.
BURST = 100
INTERVAL = timedelta(seconds=20)
MILLISECOND = timedelta(milliseconds=1)
# The item of a network expires at least this many seconds after the network's last turn.
EXPIRES_AFTER = 3600


@dataclass(frozen=True)
class FirstEmailLimit:
    """`burst` first emails at once, then one in each `interval`."""

    burst: int = BURST
    interval: timedelta = INTERVAL


DEFAULT_LIMIT = FirstEmailLimit()


def book(network: str, now: datetime, tables: Tables, limit: FirstEmailLimit = DEFAULT_LIMIT) -> datetime:
    """Book a turn of the network and return when it is: `now`, or later (turns.py)."""
    key, step = mail_keys.network_limit(network), round(limit.interval / MILLISECOND)
    # `is_usually_quiet`: most networks have no booked turn that is still to come. Then booking takes only one write.
    turns = Turns(key, step, burst=limit.burst, expires_after=EXPIRES_AFTER, is_usually_quiet=True)
    now_in_milliseconds = int(now.timestamp() * 1000)
    wait = book_turn(turns, now_in_milliseconds, tables)  # Also in milliseconds.
    return now + wait * MILLISECOND
