"""An export from wherever it is to its end, or as far as there is time for: killed anywhere, it goes on from there."""

from collections.abc import Callable

from chalicelib.core.errors import Invalid
from chalicelib.exports import store
from chalicelib.exports.deliver import deliver
from chalicelib.exports.gather import ExportContext, gather, prefix
from chalicelib.exports.model import Export, State

# Seconds. A part of a petition of ten million takes 20; the second stage of one million took seconds (decision 018).
FOR_A_PART = 60
FOR_DELIVERY = 450

HasTime = Callable[[float], bool]


def run(export: Export, context: ExportContext, has_time: HasTime) -> Export:
    """What comes back is still open when there was no time left: somebody must run it again."""
    if export.is_open:
        export = _worked_on(export, context, has_time)
    if not export.is_open:
        tidy(export, context)
    return export


def tidy(export: Export, context: ExportContext) -> None:
    """No parts are left behind, and the next export may run. Repeating is safe."""
    context.bucket.delete_under(prefix(export))
    store.release(export, context.tables)


def _worked_on(export: Export, context: ExportContext, has_time: HasTime) -> Export:
    now = context.clock()
    if export.state_at(now) is State.FAILED:
        return store.fail(export, "It made no progress for hours and was given up", now, context.tables)
    while export.is_open and export.missing:
        if not has_time(FOR_A_PART):
            return export
        export = gather(export, export.missing[0], context)
    return _delivered(export, context) if export.is_open and has_time(FOR_DELIVERY) else export


def _delivered(export: Export, context: ExportContext) -> Export:
    try:
        return deliver(export, context)
    except Invalid as error:
        return store.fail(export, error.errors[0].message, context.clock(), context.tables)
