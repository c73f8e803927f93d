"""See from first emails which networks and domains sign at an unusual rate, and watch them (shedding/watch.py).

A network's turns (turns.py) say how many of its first emails wait. For domains there are turns of their own, only to
count: of one signature in SAMPLE, and not at large providers. So they cost about 0.02 write units a signature.
docs/security.md has the simulation behind these numbers.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import keys, log
from chalicelib.core.address import canonical_of
from chalicelib.core.errors import Conflicted, Unavailable
from chalicelib.core.providers import LARGE_PROVIDERS
from chalicelib.mail.turns import EXPIRES_AFTER, INTERVAL, MILLISECOND, Turns, book
from chalicelib.shedding.watch import watch
from chalicelib.signatures.network import domain_hash

# Emails that wait, after the burst that is sent at once.
UNUSUAL_NETWORK = 200 * INTERVAL
# Signatures of a domain: this many at once, then one in DOMAIN_INTERVAL, are usual.
UNUSUAL_DOMAIN, DOMAIN_INTERVAL = 480, timedelta(seconds=12)
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
