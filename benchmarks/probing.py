"""Measure how much a probe tells an attacker: is the answer to a known address slower than the answer to a new one?

A probe signs with an address of somebody else. The address is known if it has signed before. AUC is the share of pairs
(one known, one new address) that an attacker orders correctly by their times: 0.5 is a guess. 200 probes of each kind
alternate in this process, with the emulator as AWS: a network between would only hide differences.

`python -m benchmarks.probing` measures only this, and does not write results.json.
"""

from collections.abc import Callable, Iterable
from itertools import product
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.calls import MeteredApp
from benchmarks.worker import print_figures
from stack.local.emulator import empty_emulator

PROBES = 200
WARM_UP = 20

Sign = Callable[[str], object]


def measure() -> dict[str, Any]:
    """Half of the known addresses are confirmed, the others are pending."""
    with empty_emulator() as running:
        app = MeteredApp(running.endpoint)
        known = _sign_known(app.sign)
        for name in known[::2]:
            app.confirm(name)
        return {"probing": _measure_probes(app.sign, known)}


def _sign_known(sign: Sign) -> list[str]:
    known = [f"known-{number}" for number in range(PROBES)]
    for name in known:
        sign(name)
    return known


def _measure_probes(sign: Sign, known: Iterable[str]) -> dict[str, float]:
    for number in range(WARM_UP):
        sign(f"warm-{number}")
    times: dict[str, list[float]] = {"known": [], "new": []}
    for number, name in enumerate(known):
        pair = [("known", name), ("new", f"new-{number}")]
        if number % 2 == 0:
            pair.reverse()  # Alternate the order, so that the same kind is not always the first.
        for kind, signer in pair:
            times[kind].append(_seconds_of(sign, signer))
    figures = {"auc": round(auc(times["known"], times["new"]), 3)}
    for kind, seconds in times.items():
        figures[f"{kind}_ms"] = round(median(seconds) * 1000, 2)
    return figures


def _seconds_of(sign: Sign, name: str) -> float:
    start = perf_counter()
    sign(name)
    return perf_counter() - start


def auc(first: Iterable[float], second: Iterable[float]) -> float:
    """Return the share of pairs in which the first value is larger. Equal values count half."""
    pairs = list(product(first, second))
    score = 0.0
    for value, other in pairs:
        if value > other:
            score += 1
        elif value == other:
            score += 0.5
    return score / len(pairs)


if __name__ == "__main__":
    print_figures(measure)
