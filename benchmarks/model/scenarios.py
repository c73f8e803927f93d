"""The spikes that the model simulates, and the figures of each run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp
from typing import Any

from benchmarks.model.limits import Account, account
from benchmarks.model.service import Service
from benchmarks.model.stations import STATIONS, step
from benchmarks.model.waits import longest_wait
from benchmarks.model.world import DAY_SECONDS, LITTLE, Amounts, Load, World

Backlog = Callable[[Amounts], float]
MILLION = 1_000_000
HOUR, MINUTE = 3_600, 60
# The spike after the evening news. Assumption: its rate falls to about a third in a quarter of an hour. The project's
# goal says only a million in an hour.
FADING = 15 * MINUTE
HORIZON = 30 * DAY_SECONDS


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


@dataclass(frozen=True)
class SimulationRun:
    """A world after its run. A run ends at the horizon at the latest."""

    world: World

    @property
    def figures(self) -> dict[str, Any]:
        final = self.world.amounts
        return {
            "load": self.world.load.name,
            "account": self.world.account.name,
            "arrived": round(final.arrived),
            "peak_waiting": self._peak(lambda amounts: amounts.waiting),
            "longest_wait_s": round(longest_wait(self.world.history)),
            "all_accepted_s": self._drained_at(lambda amounts: amounts.waiting),
            "held_up_first_s": self._first_refusals(),
            "through_overflow": round(final.overflowed),
            "peak_overflow": self._peak(lambda amounts: amounts.in_overflow),
            "all_stored_s": self._drained_at(lambda amounts: amounts.arrived - amounts.stored),
            "peak_count_behind": self._peak(lambda amounts: amounts.count_behind),
            "mailed_days": self._mail_days(),
            "views_refused": round(final.unseen / max(1.0, final.viewed), 3),
            "environments_started": round(self.world.environments.started),
        }

    def _peak(self, backlog: Backlog) -> int:
        backlogs = [backlog(amounts) for _, amounts in self.world.history]
        return round(max(backlogs))

    def _first_refusals(self) -> dict[str, int]:
        """Return the second in which each limit first refused, in the order of time."""
        in_order = sorted(self.world.refusals.first.items(), key=lambda limit_and_time: limit_and_time[1])
        return {limit: round(when) for limit, when in in_order}

    def _drained_at(self, backlog: Backlog) -> int | None:
        """Return the seconds after which the backlog stays empty; None: it is not empty at the horizon."""
        times = [now for now, amounts in self.world.history if backlog(amounts) >= LITTLE]
        last = times[-1] if times else 0
        end, _ = self.world.history[-1]
        return None if last == end else round(last)

    def _mail_days(self) -> float:
        """Return the days until the last email. Emails that wait at the horizon add days, by the quota."""
        final = self.world.amounts
        times_after_last = (now for now, amounts in self.world.history if final.mailed - amounts.mailed < LITTLE)
        days_until_last = next(times_after_last, 0) / DAY_SECONDS
        days_for_others = final.mail_behind / self.world.account.mail_daily
        return round(days_until_last + days_for_others, 2)


def run(load: Load, account_name: str, service: Service, horizon: float = HORIZON) -> SimulationRun:
    return run_on(account(account_name), load, service, horizon=horizon)


def run_on(limits: Account, load: Load, service: Service, sent: float = 0, horizon: float = HORIZON) -> SimulationRun:
    """Run the load on any account. `sent`: emails of the last 24 hours, which count against the daily quota."""
    world = World(limits, service, load)
    world.mailing.record_sent(0, sent)
    while world.now < horizon:
        step(world, STATIONS)
        if world.is_over:
            break
    return SimulationRun(world)
