"""The record of a run: requests that reach the origin, bytes, waiting times, and the age of the shown count."""

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
_UNPACKED: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
# The query keys that change a page.
_READ = ("lang", "source")

Numbers = dict[str, list[float]]


@dataclass
class Record:
    """`asked`: requests at the origin by cached copy and second. `counted`: when each confirmation had its answer.

    `before`: what was counted before this run. `waits`, `stale` and `sizes` are by kind of request, in seconds, bytes.
    """

    before: int = 0
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    counted: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    waits: Numbers = field(default_factory=lambda: defaultdict(list))
    stale: Numbers = field(default_factory=lambda: defaultdict(list))
    sizes: Numbers = field(default_factory=lambda: defaultdict(list))

    def reached_the_origin(self, target: str, encoding: str, now: float) -> None:
        """Note a request at the origin. An address has a copy for each encoding."""
        self.asked[f"{address(target)} {encoding}", int(now)] += 1

    def was_answered(self, kind: str, status: int, wait: float) -> None:
        """`status` 0: no answer."""
        self.statuses[f"{kind} {status}"] += 1
        self.waits[kind].append(wait)

    def was_shown(self, kind: str, number: int, size: int, now: float) -> None:
        """Note an answer's bytes, and how long ago its number stopped being true: 0 if it is true."""
        shown = max(0, number - self.before)
        is_old = shown < len(self.counted) and self.counted[shown] <= now
        self.stale[kind].append(now - self.counted[shown] if is_old else 0.0)
        self.sizes[kind].append(size)

    def figures(self, seconds: float) -> dict[str, Any]:
        return {**self.of_the_crowd(), **self.of_the_origin(seconds)}

    def of_the_crowd(self) -> dict[str, Any]:
        return {
            "statuses": dict(sorted(self.statuses.items())),
            "bytes": {kind: round(mean(sizes)) for kind, sizes in self.sizes.items()},
            "stale_s": {kind: _ages(ages) for kind, ages in self.stale.items()},
            "ms": {kind: _waits(waits) for kind, waits in self.waits.items()},
            "confirmed": len(self.counted),
        }

    def of_the_origin(self, seconds: float) -> dict[str, Any]:
        copies, reached = {each for each, _ in self.asked}, sum(self.asked.values())
        return {
            "origin_requests": reached,
            "cached_copies": len(copies),
            "origin_per_copy_and_second": {
                "max": max(self.asked.values(), default=0),
                "mean": round(reached / max(1, len(copies)) / seconds, 3),
            },
        }


def _ages(ages: Sequence[float]) -> dict[str, float]:
    """Return the greatest age in seconds, the 99th percentile, and the share of answers above the goal."""
    beyond = sum(age > GOAL_SECONDS for age in ages) / len(ages)
    return {"max": round(max(ages), 2), "p99": round(percentile(ages, 99), 2), "beyond_goal": round(beyond, 6)}


def _waits(waits: Sequence[float]) -> dict[str, int]:
    return {f"p{which}": round(percentile(waits, which) * 1000) for which in (50, 99)}


def address(target: str) -> str:
    """Return the address as the cache sees it: without query keys that no view reads."""
    path, _, query = target.partition("?")
    kept = sorted(part for part in query.split("&") if part.partition("=")[0] in _READ)
    return f"{path}?{'&'.join(kept)}" if kept else path


def number_in(body: bytes, encoding: str, *, is_count: bool) -> int:
    """Return the number that an answer shows."""
    plain = _UNPACKED[encoding](body)
    if is_count:
        return int(json.loads(plain)["count"])
    found = _SHOWN.search(plain)
    assert found, "the page shows no count"
    return int(found.group(1))


def percentile(values: Sequence[float], which: int) -> float:
    return quantiles(values, n=100, method="inclusive")[which - 1] if len(values) > 1 else 0.0
