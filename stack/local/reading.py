"""Decide, as Lambda does, how to read a table's stream after a function failed: what to try again, and how often.

Source: Lambda developer guide, "Configuring partial batch response with DynamoDB and Lambda" and "Retaining
discarded records for a DynamoDB event source".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def first_failure(answer: Any, sequences: Sequence[str], settings: Mapping[str, Any]) -> int | None:
    failed = failed_records(answer, sequences, settings)
    return min((sequences.index(each) for each in failed), default=None)


def failed_records(answer: Any, ids: Sequence[str], settings: Mapping[str, Any]) -> set[str]:
    """Return the ids of the records that the function reported as failed; none if its source reads no reports.

    If the answer is invalid or names a record that is not in the batch, the whole batch failed.
    """
    if "ReportBatchItemFailures" not in settings.get("FunctionResponseTypes", []):
        return set()
    try:
        failed = {each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return set(ids)
    return failed if failed <= set(ids) else set(ids)


@dataclass
class Reading:
    """`pieces`: the sizes of the pieces that a failed batch was split into; empty for a whole batch. `tries`: how many
    tries of the first piece, or of the whole batch, have failed. `first_seen`: when the first record of a batch that is
    still gathered was read, in seconds of a monotonic clock.
    """

    pieces: list[int] = field(default_factory=list)
    tries: int = 0
    first_seen: float | None = None

    def size(self, batch_size: int) -> int:
        return self.pieces[0] if self.pieces else batch_size

    def must_gather(self, window: float, now: float) -> bool:
        """A batch that is not full waits for more records for `window` seconds, but not if it is tried again."""
        if self.first_seen is None:
            self.first_seen = now
        return not self.pieces and not self.tries and now < self.first_seen + window

    def advance(self, records: int) -> None:
        """Go past this number of records, which were handled or discarded."""
        self.tries = 0
        self.first_seen = None
        if self.pieces:
            rest = self.pieces.pop(0) - records
            if rest > 0:
                self.pieces.insert(0, rest)

    def plan_retry(self, records: int, matched: int, source: Mapping[str, Any], *, raised: bool) -> bool:
        """Plan the next try of a batch or piece that begins with the failed record. Return False if no retry is left.

        `records`: how many were read. `matched`: how many of them the source's filter let through. `raised`: the
        function raised an exception. With BisectBatchOnFunctionError, an exception for more than one record splits the
        records into halves, and Lambda does not count such a try.
        """
        if raised and source.get("BisectBatchOnFunctionError") and matched > 1:
            # Replace the first piece by its halves. For a whole batch, the list is still empty. `pieces` counts all
            # records, also those that the filter left out, so halve `records`, not `matched`.
            self.pieces[:1] = [records // 2, records - records // 2]
            return True
        limit = int(source.get("MaximumRetryAttempts", -1))  # -1: no limit
        self.tries += 1
        return limit < 0 or self.tries <= limit
