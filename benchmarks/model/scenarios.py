"""The spikes that the model simulates, and the figures of each run."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import exp
from typing import Any

from benchmarks.model.limits import Account
from benchmarks.model.service import Service
from benchmarks.model.simulate import DAY, HORIZON, LITTLE, Amounts, Load, Simulation
from benchmarks.model.waits import longest_wait

MILLION, HOUR = 1_000_000, 3_600
# Assumption: after the evening news, the rate falls to about a third in a quarter of an hour.
FADING = 15 * 60


def fading(now: float) -> float:
    """Return signatures a second `now` seconds after the start: a million in an hour, 1,132 in the first second."""
    return MILLION / FADING * exp(-now / FADING) / (1 - exp(-HOUR / FADING))


def steady(rate: float, seconds: float) -> Load:
    return Load(f"{rate:,.0f} a second for {seconds:.0f} s", lambda _: rate, seconds)


HOUR_LOAD = Load("a million in an hour", fading, HOUR)
BURST_LOAD = steady(10_000, 60)
REFUSING = Load("the same, table refusing for ten minutes", fading, HOUR, 300, 900)
HANGING = Load("the same, table hanging for ten minutes", fading, HOUR, 300, 900, hangs=True)
STEADY = tuple(steady(rate, 600) for rate in (100, 1_000, 10_000))
WITHOUT_CDN = tuple(replace(each, name=f"{each.name}, no CDN", has_cdn=False) for each in (HOUR_LOAD, STEADY[1]))
SCENARIOS = (HOUR_LOAD, BURST_LOAD, REFUSING, HANGING, *STEADY, *WITHOUT_CDN)


def run(load: Load, account_name: str, service: Service, horizon: float = HORIZON) -> Simulation:
    return Simulation(Account(account_name), service, load).run(horizon)


def figures(done: Simulation) -> dict[str, Any]:
    final, history = done.amounts, done.history

    def emptied(backlog: Callable[[Amounts], float]) -> int | None:
        """Return the seconds after which the backlog stays empty; None: it is not empty at the end."""
        last = max((now for now, amounts in history if backlog(amounts) >= LITTLE), default=0)
        return None if last == history[-1][0] else round(last)

    # Emails that wait at the horizon add days, by the quota.
    last_email = next((now for now, amounts in history if final.mailed - amounts.mailed < LITTLE), 0)
    return {
        "load": done.load.name,
        "account": done.account.name,
        "peak_waiting": round(max(amounts.waiting for _, amounts in history)),
        "longest_wait_s": _wait(history),
        "all_accepted_s": emptied(lambda amounts: amounts.waiting),
        "held_up_first_s": {limit: round(at) for limit, at in sorted(done.first.items(), key=lambda each: each[1])},
        "peak_overflow": round(max(amounts.in_overflow for _, amounts in history)),
        "all_stored_s": emptied(lambda amounts: amounts.arrived - amounts.stored),
        "mailed_days": round(last_email / DAY + final.mail_behind / done.account.mail_daily, 2),
        "views_refused": round(final.unseen / max(1.0, final.viewed), 3),
    }


def _wait(history: list[tuple[float, Amounts]]) -> int:
    """Return the longest wait. While people wait, a step is a second."""
    arrivals, chances = [], []
    for before, after in pairwise([Amounts(), *(amounts for _, amounts in history)]):
        posted = after.posted - before.posted
        arrivals.append(after.arrived - before.arrived)
        chances.append(min(1.0, (after.accepted - before.accepted) / posted) if posted > LITTLE else 1.0)
    return longest_wait(arrivals, chances)
