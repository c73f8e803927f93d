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
    mails = [(end.mailed - start.mailed, end.at - start.at) for start, end in windows if start.mail and end.mail]
    stored = [
        (start.overflow - end.overflow, end.at - start.at)
        for start, end in windows
        if start.at >= events["table is back"]
    ]
    return {
        "answered": round(before[-1].answered / before[-1].at, 1),
        "mailed": _median_rate(mails),
        "stored": _median_rate(stored),
    }


def _windows(moments: Sequence[Moment]) -> Iterator[tuple[Moment, Moment]]:
    first = moments[0]
    for moment in moments:
        if moment.at - first.at >= WINDOW:
            yield first, moment
            first = moment


def _median_rate(windows: Sequence[tuple[int, float]]) -> float:
    """Return the items a second at which the median item was handled; 1 if the spike was too short.

    `windows`: items and seconds. A median of the windows' rates would say little: most windows of a long drain handle
    one late item.
    """
    moved = sorted((items / seconds, items) for items, seconds in windows if items > 0)
    handled = [*accumulate(items for _, items in moved)]
    return round(moved[bisect_left(handled, handled[-1] / 2)][0], 1) if moved else 1.0
