"""Scenes of hashed addresses."""

from functools import partial
from types import SimpleNamespace

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job
from chalicelib.petitions.find import petition_as_stored
from chalicelib.totals.hashes import worker
from chalicelib.totals.hashes.model import HashComparison
from tests.actors import ALICE, confirmed
from tests.faults.scenes import PETITION, Scene, counted_right
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.served import Served, sqs_event
from tests.totals.hashes.hashing import HASHES, SLUG, SOURCE, a_comparison, hashed

STAFF = f"/api/staff/petitions/{SLUG}"


def a_source_with_a_key(served: Served) -> None:
    bob_may_all(served)
    served.hashes = hashed(served.tables, [ALICE.email])  # type: ignore[attr-defined]


def a_comparison_that_waits(served: Served) -> None:
    """Of two people who signed elsewhere, Alice signed here too."""
    bob_may_all(served)
    confirmed(served.tables, PETITION, ALICE)
    hashes = hashed(served.tables, [ALICE.email, "else@mail.example"])
    served.job = a_comparison(served.tables, served.bucket, hashes)  # type: ignore[attr-defined]


def enter_hashes(served: Served) -> bool:
    """Enter hashes. 409 is good too: the first request took effect, and the comparison runs."""
    body = {**HASHES, "hashes": served.hashes}  # type: ignore[attr-defined]
    try:
        return call("POST", f"{STAFF}/figures", 201, body, served)
    except AssertionError:
        return call("POST", f"{STAFF}/figures", 409, body, served)


def run_job(served: Served) -> bool:
    """Deliver the job's message and return whether the job is done."""
    left = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    message = {"job_id": served.job.job_id}  # type: ignore[attr-defined]
    sent = len(served.comparisons.messages)
    if worker.compare_hashes(sqs_event([message]), left)["batchItemFailures"]:
        return False
    if len(served.comparisons.messages) > sent:
        return False
    state = served.tables.items[keys.job("comparison", served.job.job_id)]["state"]  # type: ignore[attr-defined]
    return bool(state == JobState.DONE)


def postpone_job(served: Served) -> bool:
    """The function has no time left: it sends the message on."""
    late = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 1000)
    message = {"job_id": served.job.job_id}  # type: ignore[attr-defined]
    return not worker.compare_hashes(sqs_event([message]), late)["batchItemFailures"]


def cancel_comparison(served: Served) -> bool:
    return call("DELETE", f"{STAFF}/comparisons/{served.job.job_id}", 200, None, served)  # type: ignore[attr-defined]


def is_cancelled(served: Served) -> None:
    is_in_the_trail("comparison.cancelled", served)
    assert find_job(HashComparison, served.job.job_id, served.tables).state == JobState.CANCELLED  # type: ignore[attr-defined]


def waits(served: Served) -> None:
    assert {"job_id": served.job.job_id} in served.comparisons.messages  # type: ignore[attr-defined]


def is_entered(served: Served) -> None:
    is_in_the_trail("figure.entered", served)
    [figure] = petition_as_stored(SLUG, served.tables).figures
    assert figure.count == 1


def is_compared_once(served: Served) -> None:
    counted_right(served)
    _, figure = petition_as_stored(SLUG, served.tables).figures
    assert figure.compared
    assert (figure.count, figure.compared.seen, figure.compared.here) == (2, 1, 1)
    assert not served.bucket.objects


HASH_SCENES = [
    Scene("issue_hash_key", bob_may_all, partial(call, "POST", f"{STAFF}/hash-keys", 201, {"source": SOURCE}),
          partial(is_in_the_trail, "hash-key.issued")),
    Scene("enter_figure", a_source_with_a_key, enter_hashes, is_entered),
    Scene("list_comparisons", a_comparison_that_waits, partial(read, f"{STAFF}/comparisons"), counted_right),
    Scene("cancel_comparison", a_comparison_that_waits, cancel_comparison, is_cancelled),
    Scene("compare_hashes", a_comparison_that_waits, run_job, is_compared_once),
    Scene("compare_hashes", a_comparison_that_waits, postpone_job, waits),
]  # fmt: skip
