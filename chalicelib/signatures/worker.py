"""The signatures' stream in, for those who count what is pending."""

from collections.abc import Iterable

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import log
from chalicelib.aws.table import tables
from chalicelib.edge.batch import StreamChange, all_changes
from chalicelib.edge.placeholders import SIGNATURES_STREAM_ARN
from chalicelib.signatures.changes import followed
from chalicelib.tallies.follow import follow

workers = Blueprint(__name__)


@workers.on_dynamodb_record(SIGNATURES_STREAM_ARN)
def follow_signatures(event: DynamoDBEvent) -> None:
    """Raises when the table does not take it: the stream brings the batch again, and what was counted is skipped."""
    all_changes(event, _follow)


def _follow(changes: Iterable[StreamChange]) -> None:
    seen = [followed(*change) for change in changes]
    follow(seen, tables())
    log.event("followed", changes=len(seen))
