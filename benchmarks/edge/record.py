"""Record a run of the crowd: requests that reach the origin, bytes, waiting times, and the age of the shown count.

Several URLs can share one cached copy, because the cache ignores query keys that no page reads.
"""

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import mean, quantiles
from typing import Any

import brotli

GOAL_SECONDS = 10.0
_SHOWN = re.compile(rb'data-count="(\d+)"')
_DECODERS: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
# The query keys that a page reads.
_PAGE_KEYS = ("lang", "source")

Numbers = dict[str, list[float]]


@dataclass
class Record:
    """What happened in a run. `before`: the count before the run. `confirmed_at`: when each confirmation was answered.

    `origin_requests`: the number of requests at the origin, by cached copy and second. `statuses`: the number of
    answers, by kind of request and status. By kind of request: `waits` (seconds), `stale` (for how many seconds the
    shown count was out of date) and `sizes` (bytes).
    """

    before: int = 0
    origin_requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    confirmed_at: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    waits: Numbers = field(default_factory=lambda: defaultdict(list))
    stale: Numbers = field(default_factory=lambda: defaultdict(list))
    sizes: Numbers = field(default_factory=lambda: defaultdict(list))

    def add_origin_request(self, target: str, encoding: str, now: float) -> None:
        """Record a request at the origin. The cache has one copy of an address for each encoding."""
        self.origin_requests[f"{address(target)} {encoding}", int(now)] += 1

    def add_answer(self, kind: str, status: int, wait: float) -> None:
        """Record an answer. Status 0: there was no answer."""
        self.statuses[f"{kind} {status}"] += 1
        self.waits[kind].append(wait)

    def add_shown_number(self, kind: str, number: int, size: int, now: float) -> None:
        """Record an answer's bytes, and for how many seconds its number has been out of date: 0 if it is current."""
        shown = max(0, number - self.before)  # how many confirmations of this run the number includes
        is_outdated = shown < len(self.confirmed_at)
        outdated_at = self.confirmed_at[shown] if is_outdated else now  # The next confirmation outdated the number.
        self.stale[kind].append(max(0.0, now - outdated_at))
        self.sizes[kind].append(size)

    def figures(self, seconds: float) -> dict[str, Any]:
        return {**self.crowd_figures(), **self.origin_figures(seconds)}

    def crowd_figures(self) -> dict[str, Any]:
        return {
            "statuses": dict(sorted(self.statuses.items())),
            "bytes": {kind: round(mean(sizes)) for kind, sizes in self.sizes.items()},
            "stale_s": {kind: _age_figures(ages) for kind, ages in self.stale.items()},
            "ms": {kind: _wait_figures(waits) for kind, waits in self.waits.items()},
            "confirmed": len(self.confirmed_at),
        }

    def origin_figures(self, seconds: float) -> dict[str, Any]:
        copies = {copy for copy, _ in self.origin_requests}
        reached = self.origin_requests.total()
        requests_per_copy = reached / max(1, len(copies))
        return {
            "origin_requests": reached,
            "cached_copies": len(copies),
            "origin_per_copy_and_second": {
                "max": max(self.origin_requests.values(), default=0),
                "mean": round(requests_per_copy / seconds, 3),
            },
        }


def _age_figures(ages: Sequence[float]) -> dict[str, float]:
    """Return the greatest age in seconds, the 99th percentile, and the share of ages above the goal."""
    number_beyond = sum(age > GOAL_SECONDS for age in ages)
    share_beyond = number_beyond / len(ages)
    return {"max": round(max(ages), 2), "p99": round(percentile(ages, 99), 2), "beyond_goal": round(share_beyond, 6)}


def _wait_figures(waits: Sequence[float]) -> dict[str, int]:
    """Return the median and the 99th percentile in milliseconds. `waits`: seconds."""
    median, p99 = percentile(waits, 50), percentile(waits, 99)
    return {"p50": round(median * 1000), "p99": round(p99 * 1000)}


def address(target: str) -> str:
    """Return the address that the cache uses for the target: without query keys that no page reads."""
    path, _, query = target.partition("?")
    kept = []
    for key_and_value in query.split("&"):
        key, _, _ = key_and_value.partition("=")
        if key in _PAGE_KEYS:
            kept.append(key_and_value)
    if not kept:
        return path
    kept_query = "&".join(sorted(kept))
    return f"{path}?{kept_query}"


def number_in(body: bytes, encoding: str, *, is_count: bool) -> int:
    """Return the count that an answer shows. `is_count`: the answer is the count's JSON, not a page."""
    plain = _DECODERS[encoding](body)
    if is_count:
        return int(json.loads(plain)["count"])
    found = _SHOWN.search(plain)
    assert found, "the page shows no count"
    return int(found.group(1))


def percentile(values: Sequence[float], which: int) -> float:
    if len(values) < 2:
        return 0.0
    percentiles = quantiles(values, n=100, method="inclusive")
    return percentiles[which - 1]
