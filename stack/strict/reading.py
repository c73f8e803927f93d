"""How Lambda reads a table's stream when a function fails: checkpoints, bisecting, the retry limit.

Source: Lambda developer guide, "Configuring partial batch response with DynamoDB and Lambda" and "Retaining
discarded records for a DynamoDB event source". It imports no emulator, so that it can be tested alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def first_failure(answer: Any, sequences: Sequence[str]) -> int | None:
    """Return the index of the first record to deliver again, or None when all are done.

    `answer` is what a function with ReportBatchItemFailures returned; an identifier that is not in the batch fails
    the whole batch.
    """
    try:
        parsed = json.loads(answer) if answer and isinstance(answer, str) else answer
        failures = (parsed or {}).get("batchItemFailures") or []
        return min((sequences.index(failure["itemIdentifier"]) for failure in failures), default=None)
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0


@dataclass
class Reading:
    """The batch that one event source works on: the sizes of its pieces, and the tries of the first piece."""

    pieces: list[int] = field(default_factory=list)
    tries: int = 0

    def size(self, batch_size: int) -> int:
        """Return how many records to read next."""
        return self.pieces[0] if self.pieces else batch_size

    def advance(self, records: int) -> None:
        """Note that these records are done or discarded. What is left of the first piece starts with no tries."""
        self.tries = 0
        if self.pieces:
            rest = self.pieces.pop(0) - records
            self.pieces[:0] = [rest] if rest > 0 else []

    def plan_retry(self, records: int, matched: int, source: Mapping[str, Any], *, raised: bool) -> bool:
        """Plan the next try after a failure of the first record. Return False if the retries are used up.

        Splitting a batch uses no retry. After an exception the batch is halved. If the function reported a failed
        record instead, the caller has already split the batch there.
        """
        if raised and source.get("BisectBatchOnFunctionError") and matched > 1:
            self.pieces[:1] = [records // 2, records - records // 2]
            return True
        limit = int(source.get("MaximumRetryAttempts", -1))
        self.tries += 1
        return limit < 0 or self.tries <= limit
