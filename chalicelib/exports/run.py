"""Run an export until it ends or time runs short. After a crash at any point, the next run continues from there."""

from collections.abc import Callable

from chalicelib.core.errors import Invalid
from chalicelib.exports import store
from chalicelib.exports.deliver import deliver
from chalicelib.exports.gather import ExportContext, gather, prefix
from chalicelib.exports.model import Export, State

# Seconds. One part of ten million signatures takes 20; the second stage for one million took seconds (decision 018).
FOR_A_PART = 60
FOR_DELIVERY = 450

HasTime = Callable[[float], bool]


def run(export: Export, context: ExportContext, has_time: HasTime) -> Export:
    """Return the export. If it is still open, time ran short: run it again."""
    if export.is_open:
        export = _advance(export, context, has_time)
    if not export.is_open:
        tidy(export, context)
    return export


def tidy(export: Export, context: ExportContext) -> None:
    """Delete the parts and let the next export run. Safe to repeat."""
    context.bucket.delete_under(prefix(export))
    store.release(export, context.tables)


def _advance(export: Export, context: ExportContext, has_time: HasTime) -> Export:
    now = context.clock()
    if export.state_at(now) is State.FAILED:
        return store.fail(export, "The export made no progress for hours and was stopped", now, context.tables)
    while export.is_open and export.missing:
        if not has_time(FOR_A_PART):
            return export
        export = gather(export, export.missing[0], context)
    return _deliver(export, context) if export.is_open and has_time(FOR_DELIVERY) else export


def _deliver(export: Export, context: ExportContext) -> Export:
    try:
        return deliver(export, context)
    except Invalid as error:
        return store.fail(export, error.errors[0].message, context.clock(), context.tables)
