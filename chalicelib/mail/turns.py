"""Book turns at a steady rate: one conditional update books the next turn and returns when that turn is.

This is the "generic cell rate algorithm" of ITU-T I.371. It needs no polling and no read before the write. Each turn
lasts one `step`. After a quiet time, the first `burst` callers need not wait.

Anybody can sign with the addresses of strangers. So above the limit of a client network, a signature is stored as
usual, but its first email waits for a turn of the network. The network is stored only as a hash, and for a short time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from chalicelib.aws.table import Attr, Change, Tables, absent_or_at_most
from chalicelib.core import keys, log
from chalicelib.core.address import LARGE_PROVIDERS, canonical_of
from chalicelib.core.errors import ConditionFailed, Conflicted, Unavailable
from chalicelib.core.keys import Key
from chalicelib.shedding.watch import watch
from chalicelib.signatures.network import domain_hash

ATTEMPTS = 5
# docs/security.md has the simulation behind these numbers.
BURST = 100
INTERVAL = timedelta(seconds=20)
MILLISECOND = timedelta(milliseconds=1)
# At least this many seconds after the network's last turn.
EXPIRES_AFTER = 3600


@dataclass(frozen=True)
class Turns:
    """`burst` turns at once, then one turn in each `step` milliseconds. The item `key` stores what is booked.

    `expires_after`: in seconds after the last turn, at least (None: never). `is_usually_quiet`: usually no booked turn
    ends after now. Then most calls need one write (`book`).
    """

    key: Key
    step: int
    burst: int = 1
    expires_after: int | None = None
    is_usually_quiet: bool = False


def book(turns: Turns, now: int, tables: Tables) -> int:
    """Return how long the caller must wait for the turn. Times are in milliseconds.

    If no booked turn ends after `now`, this takes one write with `is_usually_quiet`, and two without it; otherwise the
    opposite. If a write is repeated because its answer was lost, one turn stays unused.
    """
    if turns.is_usually_quiet and tables.try_update(_first_change(turns, now)):
        return 0
    for _ in range(ATTEMPTS):
        try:
            end: int = tables.update_and_read(_next_change(turns, now))["booked_until"]
        except ConditionFailed:
            if tables.try_update(_first_change(turns, now)):
                return 0
            continue  # Another caller has booked the first turn meanwhile.
        # With a burst of 1, the caller waits until its turn begins: one step before its `end`. With a larger burst, it
        # may start `burst` steps before `end`. So no caller waits while at most `burst` steps are booked.
        starts_at = end - turns.burst * turns.step
        return max(0, starts_at - now)
    raise Conflicted("storage")


def _next_change(turns: Turns, now: int) -> Change:
    """Book one more turn, if the last booked turn ends after `now`. The item's expiry moves by one step too."""
    add = {"booked_until": turns.step}
    if turns.expires_after is not None:
        add["expires_at"] = ceil(turns.step / 1000)
    return Change(turns.key, add=add, when=Attr("booked_until").gt(now))


def _first_change(turns: Turns, now: int) -> Change:
    assign = {"booked_until": now + turns.step}
    if turns.expires_after is not None:
        assign["expires_at"] = int(now / 1000) + turns.expires_after
    is_quiet = absent_or_at_most("booked_until", now)
    return Change(turns.key, assign=assign, when=is_quiet)


@dataclass(frozen=True)
class FirstEmailLimit:
    burst: int = BURST
    interval: timedelta = INTERVAL


DEFAULT_LIMIT = FirstEmailLimit()


def book_first_email(network: str, now: datetime, tables: Tables, limit: FirstEmailLimit = DEFAULT_LIMIT) -> datetime:
    """Return when the network's turn is: `now`, or later."""
    key, step = keys.network_limit(network), round(limit.interval / MILLISECOND)
    # Most networks have no booked turn that is still to come. Then booking takes only one write.
    turns = Turns(key, step, burst=limit.burst, expires_after=EXPIRES_AFTER, is_usually_quiet=True)
    now_in_milliseconds = int(now.timestamp() * 1000)
    wait = book(turns, now_in_milliseconds, tables)  # Also in milliseconds.
    return now + wait * MILLISECOND


# What is unusual is watched (shedding/watch.py). docs/security.md has the simulation behind these numbers.
# Emails that wait, after the burst that is sent at once.
UNUSUAL_NETWORK = 200 * INTERVAL
# Signatures of a domain: this many at once, then one in DOMAIN_INTERVAL, are usual.
UNUSUAL_DOMAIN, DOMAIN_INTERVAL = 480, timedelta(seconds=12)
# For domains there are turns only to count one signature in SAMPLE: about 0.02 write units a signature.
SAMPLE = 8


def watch_network(network: str, wait: timedelta, now: datetime, tables: Tables) -> None:
    """`wait`: until the network's next turn."""
    if wait >= UNUSUAL_NETWORK:
        _watch(network, now, tables)


def watch_domain(address: str, signature_id: str, now: datetime, secrets: Mapping[str, str], tables: Tables) -> None:
    """Count the first email to an address, if it is in the sample. Nobody outside can tell which are."""
    domain = canonical_of(address).rpartition("@")[2]
    if domain in LARGE_PROVIDERS or int(signature_id[-1], 16) % SAMPLE != SAMPLE - 1:
        return
    hashed = domain_hash(domain, now, secrets)
    step = round(SAMPLE * DOMAIN_INTERVAL / MILLISECOND)
    turns = Turns(
        keys.domain_limit(hashed),
        step,
        burst=UNUSUAL_DOMAIN // SAMPLE,
        expires_after=EXPIRES_AFTER,
        is_usually_quiet=True,
    )
    try:
        is_unusual = book(turns, int(now.timestamp() * 1000), tables) > 0
    except (Conflicted, Unavailable):  # Its email matters more.
        return
    if is_unusual:
        _watch(hashed, now, tables)


def _watch(hashed: str, now: datetime, tables: Tables) -> None:
    try:
        watch(hashed, now, tables)
    except (Conflicted, Unavailable):  # The next email of the network or domain tries again.
        log.degraded("not_watched")
