"""Compute how much the stack in the emulator did in a second of the spike. The model is calibrated with these rates."""

from collections.abc import Iterator, Sequence

from benchmarks.spike.run import Moment, SpikeLog

WINDOW = 5.0  # seconds over which a rate is measured


def rates(log: SpikeLog) -> dict[str, float]:
    """Return how much was done in a second.

    `answered`: posts before the outage. `mailed`: emails while the mail queues had messages. `stored`: signatures from
    the overflow queue after the outage.
    """
    before_outage = [moment for moment in log.moments if moment.at <= log.events["table refuses"]]
    mailed: list[tuple[int, float]] = []
    stored: list[tuple[int, float]] = []
    for start, end in _windows(log.moments):
        seconds = end.at - start.at
        if start.mail_waiting and end.mail_waiting:
            mailed.append((end.mailed - start.mailed, seconds))
        if start.at >= log.events["table is back"]:
            stored.append((start.overflow - end.overflow, seconds))
    last = before_outage[-1]
    return {
        "answered": round(last.answered / last.at, 1),
        "mailed": _median_rate(mailed),
        "stored": _median_rate(stored),
    }


def _windows(moments: Sequence[Moment]) -> Iterator[tuple[Moment, Moment]]:
    """Yield the first and last moment of windows of at least WINDOW seconds, one after the other."""
    first = moments[0]
    for moment in moments:
        if moment.at - first.at >= WINDOW:
            yield first, moment
            first = moment


def _median_rate(windows: Sequence[tuple[int, float]]) -> float:
    """Return the rate at which the median item was handled, in items a second; 1 if no item was handled.

    `windows`: the items and seconds of each. This is not the median of the windows' rates: while a queue drains for a
    long time, most windows handle only one late item.
    """
    busy_windows = [(items, seconds) for items, seconds in windows if items > 0]
    all_items = sum(items for items, _ in busy_windows)
    rates_and_items = sorted((items / seconds, items) for items, seconds in busy_windows)
    items_so_far = 0
    for rate, items in rates_and_items:
        items_so_far += items
        if items_so_far >= all_items / 2:
            return round(rate, 1)
    return 1.0
