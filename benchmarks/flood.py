"""Simulate an evening with one attacker and 10,000 genuine signers, to choose the limit for first emails.

The attacker signs with the addresses of strangers, from five networks. A signature's first email asks for the
confirmation. The product limits how many of these it sends for one network. Here its real function
(chalicelib/mail/turns.py) decides about each signature, on a table in memory. Who signs from which network is an
assumption. SES's own rate is left out: it is the same with and without a limit.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random
from typing import NamedTuple

from chalicelib.mail.turns import DEFAULT_LIMIT, FirstEmailLimit, book_first_email
from tests.fakes import FakeTables

BEGINS = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
EVENING = 4 * 3600.0
GENUINE, ATTACKING_NETWORKS, ATTACKS_PER_SECOND = 10_000, 5, 10.0
# Shares of the genuine signers; the rest sign at schools. Phones share few networks. At home, hundreds of customers
# share a /24.
PHONES, HOMES, OFFICES = 0.45, 0.45, 0.06
CARRIERS, CARRIER_NETWORKS, HOME_NETWORKS, OFFICE_NETWORKS, SCHOOLS = 4, 32, 20_000, 60, 2
# A share of SOON sign on average AFTER_BROADCAST seconds after a broadcast. The others sign at any time of the evening.
# A school's pupils sign within one LESSON (seconds).
SOON, AFTER_BROADCAST, LESSON = 0.6, 20 * 60.0, 600.0
# The seconds between two sweeps, and the longest delay of a queue message. An email that must wait longer is sent at
# the first sweep after it is due.
SWEEP, LONGEST_DELAY = 900.0, 900.0


class Flood(NamedTuple):
    """What an evening's attack achieved. `emails`: to strangers, in each hour.

    `delays`: seconds, of the genuine signers' emails, sorted.
    """

    emails: list[int]
    delays: list[float]

    def delay(self, share: float) -> float:
        """Return the delay that this share of the genuine signers does not exceed."""
        return self.delays[int(share * len(self.delays))]

    @property
    def figures(self) -> dict[str, int]:
        return {
            "strangers_worst_hour": max(self.emails),
            "strangers_in_evening": sum(self.emails),
            "genuine_delayed": sum(delay > 0 for delay in self.delays),
            "genuine_median_s": round(self.delay(0.5)),
            "genuine_p99_s": round(self.delay(0.99)),
            "genuine_max_s": round(self.delays[-1]),
        }


CASES: dict[str, tuple[FirstEmailLimit | None, bool]] = {
    "no limit": (None, False),
    "the limit": (DEFAULT_LIMIT, False),
    "a third of the burst": (FirstEmailLimit(burst=30), False),
    "one in ten seconds": (FirstEmailLimit(interval=timedelta(seconds=10)), False),
    "one in thirty seconds": (FirstEmailLimit(interval=timedelta(seconds=30)), False),
    "the limit, on a network of phones": (DEFAULT_LIMIT, True),
}


def simulate_evening(
    limit: FirstEmailLimit | None, *, shares_a_carrier: bool = False, attacks: float = ATTACKS_PER_SECOND, seed: int = 1
) -> Flood:
    """Simulate one evening. `shares_a_carrier`: one of the attacker's networks is that of a carrier with many phones.

    `attacks`: the attacker's posts a second, each with the address of another stranger.
    """
    tables, emails, delays = FakeTables(), Counter[int](), list[float]()
    arrivals = [*genuine_arrivals(Random(seed)), *_attack_arrivals(shares_a_carrier, attacks)]
    for second, network, is_attack in sorted(arrivals):
        now = BEGINS + timedelta(seconds=second)
        # When the limit allows this network its next email.
        wait = (book_first_email(network, now, tables, limit) - now).total_seconds() if limit else 0.0
        # A queue message can be delayed for LONGEST_DELAY at most. A later email is sent by a sweep for due emails.
        sent = second + wait if wait <= LONGEST_DELAY else ceil((second + wait) / SWEEP) * SWEEP
        if is_attack:
            emails[int(sent // 3600)] += 1
        else:
            delays.append(sent - second)
    return Flood([emails[hour] for hour in range(int(EVENING // 3600))], sorted(delays))


# An arrival: the second, the network, and whether it is the attacker's.
def genuine_arrivals(random: Random) -> Iterator[tuple[float, str, bool]]:
    at_schools = round(GENUINE * (1 - PHONES - HOMES - OFFICES))
    for number in range(at_schools):
        school = number % SCHOOLS
        # Each school has its lesson in another hour.
        yield 3600.0 * (1 + school) + random.uniform(0, LESSON), f"school-{school}", False
    for number in range(GENUINE - at_schools):
        # Most sign soon after a broadcast, which is at second 0.
        soon = random.expovariate(1 / AFTER_BROADCAST)
        signs_soon = random.random() < SOON and soon < EVENING
        yield soon if signs_soon else random.uniform(0, EVENING), _network(random, number / GENUINE), False


def _network(random: Random, position: float) -> str:
    """Return a network for a signer outside schools. `position`: from 0 to PHONES + HOMES + OFFICES."""
    if position < PHONES:
        # Zipf's law: a carrier sends most traffic through few of its networks.
        networks = range(CARRIER_NETWORKS)
        [network] = random.choices(networks, [1 / (each + 1) for each in networks])
        return f"phones-{random.randrange(CARRIERS)}-{network}"
    if position < PHONES + HOMES:
        return f"homes-{random.randrange(HOME_NETWORKS)}"
    return f"offices-{random.randrange(OFFICE_NETWORKS)}"


def _attack_arrivals(shares_a_carrier: bool, attacks: float) -> Iterator[tuple[float, str, bool]]:
    networks = [f"attacker-{number}" for number in range(ATTACKING_NETWORKS)]
    if shares_a_carrier:
        networks[0] = "phones-0-0"  # The first network of a carrier.
    for number in range(int(EVENING * attacks)):
        yield number / attacks, networks[number % ATTACKING_NETWORKS], True
