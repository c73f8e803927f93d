"""An export from wherever it is to its end, or as far as there is time for: killed anywhere, it goes on from there."""

from collections.abc import Callable

from chalicelib.core.errors import Invalid
from chalicelib.exports import store
from chalicelib.exports.deliver import deliver
from chalicelib.exports.gather import Desk, gather, prefix
from chalicelib.exports.model import Export, State

# Seconds. A part of a petition of ten million takes 20; the second stage of one million took seconds (decision 018).
FOR_A_PART = 60
FOR_DELIVERY = 450

HasTime = Callable[[float], bool]


def run(export: Export, desk: Desk, has_time: HasTime) -> Export:
    """What comes back is still open when there was no time left: somebody must run it again."""
    if export.is_open:
        export = _worked_on(export, desk, has_time)
    if not export.is_open:
        tidy(export, desk)
    return export


def tidy(export: Export, desk: Desk) -> None:
    """No parts are left behind, and the next export may run. Repeating is safe."""
    desk.bucket.delete_under(prefix(export))
    store.release(export, desk.tables)


def _worked_on(export: Export, desk: Desk, has_time: HasTime) -> Export:
    now = desk.clock()
    if export.state_at(now) is State.FAILED:
        return store.fail(export, "It made no progress for hours and was given up", now, desk.tables)
    while export.is_open and export.missing:
        if not has_time(FOR_A_PART):
            return export
        export = gather(export, export.missing[0], desk)
    return _delivered(export, desk) if export.is_open and has_time(FOR_DELIVERY) else export


def _delivered(export: Export, desk: Desk) -> Export:
    try:
        return deliver(export, desk)
    except Invalid as error:
        return store.fail(export, error.errors[0].message, desk.clock(), desk.tables)
