"""The batches of a stream function that fails: checkpoint, halving, retries, in the order that AWS documents."""

from typing import Any

import pytest

from stack.local.reading import Reading, first_failure

SEQUENCES = ["11", "12", "13"]
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def failures(*identifiers: object) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize("answer", [None, {}, failures(), {"batchItemFailures": None}])
def test_an_answer_without_failures_is_a_complete_success(answer: object) -> None:
    assert first_failure(answer, SEQUENCES, REPORTS) is None


@pytest.mark.parametrize(
    "answer", [failures(""), failures(None), failures("99"), {"batchItemFailures": [{"id": "12"}]}, "text", 7]
)
def test_an_answer_that_names_no_record_of_the_batch_fails_the_whole_batch(answer: object) -> None:
    assert first_failure(answer, SEQUENCES, REPORTS) == 0


def test_the_lowest_sequence_number_is_the_checkpoint() -> None:
    assert first_failure(failures("13", "12"), SEQUENCES, REPORTS) == 1


def test_an_exception_halves_the_batch_and_uses_no_retry() -> None:
    reading, source = Reading(), {"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0}
    assert reading.plan_retry(5, 5, source, raised=True)
    assert (reading.pieces, reading.tries) == ([2, 3], 0)
    reading.advance(2)
    assert reading.size(100) == 3


def test_without_a_retry_limit_a_batch_is_retried_for_ever() -> None:
    reading = Reading(tries=1000)
    assert reading.plan_retry(1, 1, {"BisectBatchOnFunctionError": True}, raised=True)


def test_a_batch_is_tried_again_without_a_wait_for_more_records() -> None:
    assert not Reading(tries=1).must_gather(2, 10)
    assert not Reading([1, 1]).must_gather(2, 10)
