"""Measure how much a probe tells an attacker: is the answer to a known address slower than the answer to a new one?

A probe signs with an address of somebody else. The address is known if it has signed before. AUC is the share of pairs
(one known, one new address) that an attacker orders correctly by their times: 0.5 is a guess. 200 probes of each kind
alternate in this process, with the emulator as AWS: a network between would only hide differences.
"""

from collections.abc import Iterable
from itertools import product
from statistics import fmean, median
from time import perf_counter
from typing import Any

from benchmarks.metered import MeteredApp
from benchmarks.worker import print_figures

PROBES = 200
WARM_UP = 20


def measure(endpoint: str) -> dict[str, Any]:
    """Half of the known addresses are confirmed, the others are pending."""
    app = MeteredApp(endpoint)
    known = [f"known-{number}" for number in range(PROBES)]
    for name in (*known, *(f"warm-{number}" for number in range(WARM_UP))):
        app.sign(name)
    for name in known[::2]:
        app.confirm(name)
    times: dict[str, list[float]] = {"known": [], "new": []}
    for number in range(PROBES):
        kinds = ("known", "new") if number % 2 else ("new", "known")  # The same kind is not always the first.
        for kind in kinds:
            start = perf_counter()
            app.sign(f"{kind}-{number}")
            times[kind].append(perf_counter() - start)
    milliseconds = {f"{kind}_ms": round(median(seconds) * 1000, 2) for kind, seconds in times.items()}
    return {"probing": {"auc": round(auc(times["known"], times["new"]), 3), **milliseconds}}


def auc(first: Iterable[float], second: Iterable[float]) -> float:
    """Return the share of pairs in which the first value is larger. Equal values count half."""
    return fmean((value > other) + (value == other) / 2 for value, other in product(first, second))


if __name__ == "__main__":
    print_figures(measure)
