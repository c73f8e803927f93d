"""Process the exports queue. Each message names an export; a new message follows until the export has ended."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.aws.bucket import exports_bucket
from chalicelib.aws.queue import Outgoing, exports_queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import Unavailable, UnknownThing
from chalicelib.edge.batch import Failures, each_message
from chalicelib.edge.placeholders import QUEUE_ARN
from chalicelib.exports.model import Export
from chalicelib.exports.request import find_export

if TYPE_CHECKING:
    from chalicelib.exports.run import HasTime

workers = Blueprint(__name__)

# The retry delay after an AWS error. A message that just fails would return after an hour and a half.
REST_SECONDS = 60


@workers.on_sqs_message(queue_arn=QUEUE_ARN, batch_size=1)
def run_export(event: SQSEvent) -> Failures:
    """Run an export. When time runs short, queue a new message to continue."""

    def has_time(seconds: float) -> bool:
        context: Any = event.context
        return bool(context.get_remaining_time_in_millis() >= seconds * 1000)

    return each_message(event, lambda message: _run(message, has_time))


def _run(message: Mapping[str, Any], has_time: "HasTime") -> None:
    export_id = str(message.get("export_id"))
    try:
        export = _run_export(find_export(export_id, tables()), has_time)
    except UnknownThing:
        log.event("export_unknown")
    except Unavailable as error:
        exports_queue().send([Outgoing({"export_id": export_id}, REST_SECONDS)])
        log.event("export_rests", export=export_id, because=str(error))
    else:
        if export.is_open:
            exports_queue().send([Outgoing({"export_id": export_id})])
        log.event("export_worked_on", export=export_id, petition=export.slug, state=export.state, why=export.why)


def _run_export(export: Export, has_time: "HasTime") -> Export:
    # Every function loads this file at cold start, but only one runs exports.
    from chalicelib.exports.gather import ExportContext
    from chalicelib.exports.run import run

    with TemporaryDirectory(prefix="export-") as folder:
        return run(export, ExportContext(tables(), exports_bucket(), Path(folder), times.now), has_time)
