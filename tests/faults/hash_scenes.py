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
from tests.fake_site import FakeSite, sqs_event
from tests.faults.scenes import PETITION, Scene, counted_right
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.totals.hashes.hashing import HASHES, SLUG, SOURCE, a_comparison, hashes_of

STAFF = f"/api/staff/petitions/{SLUG}"


def a_source_with_a_key(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    fake_site.hashes = hashes_of(fake_site.tables, [ALICE.email])  # type: ignore[attr-defined]


def a_comparison_that_waits(fake_site: FakeSite) -> None:
    """Of two people who signed elsewhere, Alice signed here too."""
    bob_may_all(fake_site)
    confirmed(fake_site.tables, PETITION, ALICE)
    hashes = hashes_of(fake_site.tables, [ALICE.email, "else@mail.example"])
    fake_site.job = a_comparison(fake_site.tables, fake_site.bucket, hashes)  # type: ignore[attr-defined]


def enter_hashes(fake_site: FakeSite) -> bool:
    """Enter hashes. 409 is good too: the first request took effect, and the comparison runs."""
    body = {**HASHES, "hashes": fake_site.hashes}  # type: ignore[attr-defined]
    try:
        return call("POST", f"{STAFF}/figures", 201, body, fake_site)
    except AssertionError:
        return call("POST", f"{STAFF}/figures", 409, body, fake_site)


def run_job(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the job is done."""
    left = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    message = {"job_id": fake_site.job.job_id}  # type: ignore[attr-defined]
    sent = len(fake_site.comparisons.messages)
    if worker.compare_hashes(sqs_event([message]), left)["batchItemFailures"]:
        return False
    if len(fake_site.comparisons.messages) > sent:
        return False
    state = fake_site.tables.items[keys.job("comparison", fake_site.job.job_id)]["state"]  # type: ignore[attr-defined]
    return bool(state == JobState.DONE)


def postpone_job(fake_site: FakeSite) -> bool:
    """The function has no time left: it sends the message on."""
    late = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 1000)
    message = {"job_id": fake_site.job.job_id}  # type: ignore[attr-defined]
    return not worker.compare_hashes(sqs_event([message]), late)["batchItemFailures"]


def cancel_comparison(fake_site: FakeSite) -> bool:
    return call("DELETE", f"{STAFF}/comparisons/{fake_site.job.job_id}", 200, None, fake_site)  # type: ignore[attr-defined]


def is_cancelled(fake_site: FakeSite) -> None:
    is_in_the_trail("comparison.cancelled", fake_site)
    assert find_job(HashComparison, fake_site.job.job_id, fake_site.tables).state == JobState.CANCELLED  # type: ignore[attr-defined]


def waits(fake_site: FakeSite) -> None:
    assert {"job_id": fake_site.job.job_id} in fake_site.comparisons.messages  # type: ignore[attr-defined]


def is_entered(fake_site: FakeSite) -> None:
    is_in_the_trail("figure.entered", fake_site)
    [figure] = petition_as_stored(SLUG, fake_site.tables).figures
    assert figure.count == 1


def is_compared_once(fake_site: FakeSite) -> None:
    counted_right(fake_site)
    _, figure = petition_as_stored(SLUG, fake_site.tables).figures
    assert figure.compared
    assert (figure.count, figure.compared.seen, figure.compared.here) == (2, 1, 1)
    assert not fake_site.bucket.objects


HASH_SCENES = [
    Scene("issue_hash_key", bob_may_all, partial(call, "POST", f"{STAFF}/hash-keys", 201, {"source": SOURCE}),
          partial(is_in_the_trail, "hash-key.issued")),
    Scene("enter_figure", a_source_with_a_key, enter_hashes, is_entered),
    Scene("list_comparisons", a_comparison_that_waits, partial(read, f"{STAFF}/comparisons"), counted_right),
    Scene("cancel_comparison", a_comparison_that_waits, cancel_comparison, is_cancelled),
    Scene("compare_hashes", a_comparison_that_waits, run_job, is_compared_once),
    Scene("compare_hashes", a_comparison_that_waits, postpone_job, waits),
]  # fmt: skip
