"""In by themselves: the signatures' stream, for those who count what is pending, and the hour of the recount."""

from collections.abc import Iterable

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib import log, moments
from chalicelib.aws.table import tables
from chalicelib.edge.batch import StreamChange, all_changes, scheduled
from chalicelib.edge.placeholders import SIGNATURES_STREAM_ARN
from chalicelib.metrics import Metric
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures.changes import followed
from chalicelib.signatures.recount import recount
from chalicelib.tallies.follow import follow

workers = Blueprint(__name__)


@workers.on_dynamodb_record(SIGNATURES_STREAM_ARN)
def follow_signatures(event: DynamoDBEvent) -> None:
    """Raises when the table does not take it: the stream brings the batch again, and what was counted is skipped."""
    all_changes(event, _follow)


@workers.schedule(Rate(6, unit=Rate.HOURS))
def recount_tallies(event: CloudWatchEvent) -> None:
    """Says how far each tally is off, 0 included: an alarm that hears nothing for a day goes off as well."""
    scheduled(event, _recount_all)


def _follow(changes: Iterable[StreamChange]) -> None:
    seen = [followed(*change) for change in changes]
    follow(seen, tables())
    log.event("followed", changes=len(seen))


def _recount_all() -> None:
    for petition in all_petitions(tables()):
        _recount(petition)


def _recount(petition: Petition) -> None:
    found = recount(petition, moments.now, tables())
    log.measure(Metric.DRIFT, found.worst)
    log.measure(Metric.PENDING_DRIFT, found.pending_drift)
    log.event("recounted", petition=petition.slug, confirmed=found.confirmed, moving=found.moving)
