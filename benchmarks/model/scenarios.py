"""The spikes that the model simulates, and the figures of each run."""

from dataclasses import dataclass, replace
from math import exp
from typing import Any

from benchmarks.model.limits import Account, account
from benchmarks.model.service import Service
from benchmarks.model.stations import STATIONS, step
from benchmarks.model.waits import longest_wait
from benchmarks.model.world import DAY_SECONDS, LITTLE, Load, World

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
        final, refusals, history = self.world.amounts, self.world.refusals, self.world.history
        return {
            "load": self.world.load.name,
            "account": self.world.account.name,
            "arrived": round(final.arrived),
            "peak_waiting": round(max(amounts.waiting for _, amounts in history)),
            "longest_wait_s": round(longest_wait(history)),
            "all_accepted_s": self._drained_at(lambda amounts: amounts.waiting),
            "held_up_first_s": {
                limit: round(when) for limit, when in sorted(refusals.first.items(), key=lambda each: each[1])
            },
            "through_overflow": round(final.overflowed),
            "peak_overflow": round(max(amounts.in_overflow for _, amounts in history)),
            "all_stored_s": self._drained_at(lambda amounts: amounts.arrived - amounts.stored),
            "peak_count_behind": round(max(amounts.count_behind for _, amounts in history)),
            "mailed_days": self._mail_days(),
            "views_refused": round(final.unseen / max(1.0, final.viewed), 3),
            "environments_started": round(self.world.environments.started),
        }

    def _drained_at(self, backlog: Any) -> int | None:
        """Return the seconds after which the backlog stays empty; None: it is not empty at the horizon."""
        times = [now for now, amounts in self.world.history if backlog(amounts) >= LITTLE]
        last = times[-1] if times else 0
        return None if last == self.world.history[-1][0] else round(last)

    def _mail_days(self) -> float:
        """Return the days until the last email. For emails not sent at the horizon, add their number / daily quota."""
        final = self.world.amounts
        last = next((now for now, amounts in self.world.history if final.mailed - amounts.mailed < LITTLE), 0)
        return round(last / DAY_SECONDS + final.mail_behind / self.world.account.mail_daily, 2)


def run(load: Load, account_name: str, service: Service, horizon: float = HORIZON) -> SimulationRun:
    return run_on(account(account_name), load, service, horizon=horizon)


def run_on(limits: Account, load: Load, service: Service, sent: float = 0, horizon: float = HORIZON) -> SimulationRun:
    """Run the load on any account. `sent`: emails that already count against today's quota."""
    world = World(limits, service, load)
    world.mailing.record_sent(0, sent)
    while not (world.history and world.is_over) and world.now < horizon:
        step(world, STATIONS)
    return SimulationRun(world)
