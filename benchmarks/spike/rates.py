"""Rates of the embedded stack without faults, a second. The model is calibrated with them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from benchmarks.spike.run import Moment, SpikeLog

WINDOW = 5.0  # seconds of one window of a rate


def rates(log: SpikeLog) -> dict[str, float]:
    """Return `answered` before the outage, `mailed` while email waits, and `stored` from the overflow queue."""
    events, windows = log.events, list(_windows(log.moments))
    before = [moment for moment in log.moments if moment.at <= events["table refuses"]]
    mails = [_rate(start.mailed, end.mailed, start, end) for start, end in windows if start.mail and end.mail]
    stored = [
        _rate(end.overflow, start.overflow, start, end) for start, end in windows if start.at >= events["table is back"]
    ]
    return {
        "answered": round(before[-1].answered / before[-1].at, 1),
        "mailed": _median(mails),
        "stored": _median(stored),
    }


def _windows(moments: Sequence[Moment]) -> Iterator[tuple[Moment, Moment]]:
    first = moments[0]
    for moment in moments:
        if moment.at - first.at >= WINDOW:
            yield first, moment
            first = moment


def _rate(before: int, after: int, start: Moment, end: Moment) -> float:
    return (after - before) / (end.at - start.at)


def _median(rates: Sequence[float]) -> float:
    """Return the rate in the window in which the median item was handled; 1 if the spike was too short.

    A median over windows would say little: most windows of a long drain handle one late item.
    """
    moved = sorted(rate for rate in rates if rate > 0)
    handled = [*accumulate(moved)]
    return round(moved[bisect_left(handled, handled[-1] / 2)], 1) if moved else 1.0
