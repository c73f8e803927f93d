"""Entry points: count each change of a signature from the table's stream, and check the counts on a schedule."""

from collections.abc import Iterable, Iterator

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.metrics import Metric
from chalicelib.edge.batch import STREAM_ARN, StreamChange, handle_changes, on_schedule
from chalicelib.petitions.constituency_table import constituencies
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition
from chalicelib.projections.changes import Increment, constituency_increments, increments, project
from chalicelib.projections.recount import recount

workers = Blueprint(__name__)


@workers.on_dynamodb_record(STREAM_ARN)
def project_signatures(event: DynamoDBEvent) -> None:
    """If a write fails, raise: the stream repeats the batch, and counted changes are skipped."""
    handle_changes(event, _project)


@workers.schedule(Rate(6, unit=Rate.HOURS))
def recount_tallies(event: CloudWatchEvent) -> None:
    """Report each petition's drift, even 0: a day without a report sets off an alarm."""
    on_schedule(event.context, _recount_all)


def _project(changes: Iterable[StreamChange]) -> None:
    batch = list(changes)
    project([increment for change in batch for increment in _increments_of(change)], tables())
    log.event("projected", changes=len(batch))


def _increments_of(change: StreamChange) -> Iterator[Increment]:
    """None at the end of the retention: a signature without a postcode still counts in its area."""
    if change.after and change.after.get("emptied_at") and not (change.before or {}).get("emptied_at"):
        return
    yield from increments(change.position, change.before, change.after, change.at)
    table = constituencies()
    if table:  # The charity may have given no table.
        yield from constituency_increments(change.position, change.before, change.after, table)


def _recount_all() -> None:
    petitions = all_petitions(tables())
    for petition in petitions:
        _recount(petition)
    if not petitions:
        # Even without petitions: missing values set off the alarm.
        log.measure(Metric.DRIFT, 0)
        log.event("recounted", petitions=0)


def _recount(petition: Petition) -> None:
    found = recount(petition, times.now, tables())
    log.measure(Metric.DRIFT, found.largest_drift)
    log.measure(Metric.PENDING_DRIFT, found.pending_drift)
    log.event("recounted", petition=petition.slug, confirmed=found.confirmed, moving=found.moving)
