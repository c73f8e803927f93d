"""Rates of the embedded stack without faults, a second. The model is calibrated with them."""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.spike.run import Moment, Story

WINDOW = 5.0  # seconds of one window of a rate


def rates(story: Story) -> dict[str, float]:
    """Return `answered` before the outage, `mailed` while email waits, and `stored` from the overflow queue."""
    events, windows = story.events, list(_windows(story.moments))
    before = [one for one in story.moments if one.at <= events["table refuses"]]
    mails = [_rate(a.mailed, b.mailed, a, b) for a, b in windows if a.mail and b.mail]
    stored = [_rate(b.overflow, a.overflow, a, b) for a, b in windows if a.at >= events["table is back"]]
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


def _rate(before: int, after: int, a: Moment, b: Moment) -> float:
    return (after - before) / (b.at - a.at)


def _median(rates: Sequence[float]) -> float:
    """Return the median of the windows with progress; 1 if the spike was too short."""
    moved = [rate for rate in rates if rate > 0]
    return round(median(moved), 1) if moved else 1.0
