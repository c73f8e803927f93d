"""The signatures' stream in, for those who count from it; the overflow queue; and the hour of the recount."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.aws.table import signing_tables, tables
from chalicelib.core import log, times
from chalicelib.core.metrics import Metric
from chalicelib.edge.batch import Failures, StreamChange, all_changes, each_message, on_schedule
from chalicelib.edge.placeholders import OVERFLOW_QUEUE_ARN, SIGNATURES_STREAM_ARN
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures import overflow
from chalicelib.signatures.changes import followed, located
from chalicelib.signatures.model import Finished
from chalicelib.signatures.recount import recount
from chalicelib.tallies.constituencies import constituencies
from chalicelib.tallies.follow import Followed, follow

workers = Blueprint(__name__)


@workers.on_dynamodb_record(SIGNATURES_STREAM_ARN)
def follow_signatures(event: DynamoDBEvent) -> None:
    """Raises when the table does not take it: the stream brings the batch again, and what was counted is skipped."""
    all_changes(event, _follow)


@workers.on_sqs_message(queue_arn=OVERFLOW_QUEUE_ARN, batch_size=10)
def store_overflow(event: SQSEvent) -> Failures:
    """What the table does not take now comes again, until it does."""
    return each_message(event, _store)


def _store(message: Mapping[str, Any]) -> None:
    finished = Finished.model_validate(message)
    outcome = overflow.store(finished, times.now(), signing_tables())
    log.event("stored", petition=finished.slug, signature=finished.signature_id, outcome=outcome)


@workers.schedule(Rate(6, unit=Rate.HOURS))
def recount_tallies(event: CloudWatchEvent) -> None:
    """Says how far each tally is off, 0 included: an alarm that hears nothing for a day goes off as well."""
    on_schedule(event, _recount_all)


def _follow(changes: Iterable[StreamChange]) -> None:
    seen = list(changes)
    follow(chain.from_iterable(_counted(change) for change in seen), tables())
    log.event("followed", changes=len(seen))


def _counted(change: StreamChange) -> Iterator[Followed]:
    yield from followed(*change)
    known = constituencies()
    if known:
        yield from located(change.sequence, change.before, change.after, known)


def _recount_all() -> None:
    for petition in all_petitions(tables()):
        _recount(petition)


def _recount(petition: Petition) -> None:
    found = recount(petition, times.now, tables())
    log.measure(Metric.DRIFT, found.worst)
    log.measure(Metric.PENDING_DRIFT, found.pending_drift)
    log.event("recounted", petition=petition.slug, confirmed=found.confirmed, moving=found.moving)
