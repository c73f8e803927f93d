"""A failing stream function's batches: checkpoint, halves, retries. The order is that of AWS's documentation."""

from typing import Any

import pytest

from stack.strict.reading import Reading, first_failure

SEQUENCES = ["11", "12", "13"]


def failures(*identifiers: object) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize("answer", [None, "", {}, "null", failures(), {"batchItemFailures": None}])
def test_these_answers_are_a_complete_success(answer: object) -> None:
    assert first_failure(answer, SEQUENCES) is None


@pytest.mark.parametrize(
    "answer", [failures(""), failures(None), failures("99"), {"batchItemFailures": [{"id": "12"}]}, "text", 7]
)
def test_these_answers_fail_the_whole_batch(answer: object) -> None:
    assert first_failure(answer, SEQUENCES) == 0


def test_the_lowest_sequence_number_is_the_checkpoint() -> None:
    assert first_failure(failures("13", "12"), SEQUENCES) == 1


def test_an_exception_halves_the_batch_and_uses_no_retry() -> None:
    reading, source = Reading(), {"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0}
    assert reading.plan_retry(5, 5, source, raised=True)
    assert (reading.pieces, reading.tries) == ([2, 3], 0)
    reading.advance(2)
    assert reading.size(100) == 3


def test_a_batch_that_reports_its_failures_is_not_halved_but_retried_up_to_the_limit() -> None:
    reading, source = Reading(), {"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 1}
    assert reading.plan_retry(5, 5, source, raised=False)
    assert not reading.plan_retry(5, 5, source, raised=False)


def test_records_after_a_checkpoint_start_with_no_tries() -> None:
    reading = Reading([5], tries=3)
    reading.advance(2)
    assert (reading.pieces, reading.tries) == ([3], 0)


def test_no_limit_retries_for_ever() -> None:
    reading = Reading(tries=1000)
    assert reading.plan_retry(1, 1, {"BisectBatchOnFunctionError": True}, raised=True)
