"""The limit of first emails for each client network: a burst, then a steady rate.

Anybody can type the addresses of strangers. Above the limit a signature is stored as usual and its email waits. One
conditional update books the next turn of the network and gives the email's due time at once, so no email asks again
(the "generic cell rate algorithm" of ITU-T I.371). The network is a hash with a short life (signatures/network.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from chalicelib.aws.table import Attr, Change, Tables, absent_or_at_most
from chalicelib.core import mail_keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key

# docs/security.md has the simulation behind these numbers.
BURST = 100
INTERVAL = timedelta(seconds=20)
ATTEMPTS = 5
MILLISECOND = timedelta(milliseconds=1)
# The item is useless once its turns are over. Seconds after the last one.
EXPIRES_AFTER = 3600


@dataclass(frozen=True)
class Limit:
    """`burst` first emails at once, then one in each `interval`."""

    burst: int = BURST
    interval: timedelta = INTERVAL


USUAL = Limit()


def book(network: str, now: datetime, tables: Tables, limit: Limit = USUAL) -> datetime:
    """Book a turn of the network and return when it is: `now`, or later. One write; two after a quiet time.

    If a write is repeated because its answer was lost, one turn is lost, and later emails wait for one interval more.
    """
    key, step = mail_keys.network_limit(network), round(limit.interval / MILLISECOND)
    now_ms = int(now.timestamp() * 1000)
    for _ in range(ATTEMPTS):
        try:
            end: int = tables.update_and_read(_next_turn(key, step, now_ms))["booked_until"]
        except ConditionFailed:
            if tables.try_update(_first_turn(key, step, now_ms)):
                return now
            continue  # Another sender has booked the first turn meanwhile.
        return now + max(0, end - limit.burst * step - now_ms) * MILLISECOND
    raise Conflicted("storage")


def _next_turn(key: Key, step: int, now_ms: int) -> Change:
    return Change(
        key, add={"booked_until": step, "expires_at": ceil(step / 1000)}, when=Attr("booked_until").gt(now_ms)
    )


def _first_turn(key: Key, step: int, now_ms: int) -> Change:
    """Return the change of a network without a booked turn. Each further turn moves its expiry too."""
    is_quiet = absent_or_at_most("booked_until", now_ms)
    expires = int(now_ms / 1000) + EXPIRES_AFTER
    return Change(key, assign={"booked_until": now_ms + step, "expires_at": expires}, when=is_quiet)
