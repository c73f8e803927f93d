"""Rates of the embedded stack without faults, a second. The model is calibrated with them."""

from collections.abc import Iterator, Sequence
from statistics import median

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
    """Return the median of the windows with progress; 1 if the spike was too short."""
    moved = [rate for rate in rates if rate > 0]
    return round(median(moved), 1) if moved else 1.0
