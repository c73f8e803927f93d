"""Scenes of hashed addresses."""

from functools import partial

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job
from chalicelib.petitions.find import petition_as_stored
from chalicelib.totals.hashes import worker
from chalicelib.totals.hashes.model import HashComparison
from tests.actors import ALICE, confirmed
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.scenes import PETITION, Scene, assert_exact_counts
from tests.faults.staff_scenes import assert_audit_entry, call, read, with_bobs_token
from tests.totals.hashes.hashing import HASHES, SLUG, SOURCE, a_comparison, hashes_of

STAFF_URL = f"/api/staff/petitions/{SLUG}"


def with_hashed_addresses(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    fake_site.scene_state.hashes = hashes_of(fake_site.tables, [ALICE.email])


def with_a_waiting_comparison(fake_site: FakeSite) -> None:
    """Two people signed elsewhere. One of them is Alice, who signed here too."""
    with_bobs_token(fake_site)
    confirmed(fake_site.tables, PETITION, ALICE)
    hashes = hashes_of(fake_site.tables, [ALICE.email, "else@mail.example"])
    fake_site.scene_state.comparison = a_comparison(fake_site.tables, fake_site.bucket, hashes)


def enter_hashes(fake_site: FakeSite) -> bool:
    """Enter hashes. 409 is a success too: the first request took effect, and the comparison runs."""
    body = {**HASHES, "hashes": fake_site.scene_state.hashes}
    try:
        return call("POST", f"{STAFF_URL}/figures", 201, body, fake_site)
    except AssertionError:
        return call("POST", f"{STAFF_URL}/figures", 409, body, fake_site)


def run_job(fake_site: FakeSite) -> bool:
    """Deliver the job's message and return whether the job is done."""
    job_id = fake_site.scene_state.comparison.job_id
    sent = len(fake_site.comparisons.messages)
    answer = worker.compare_hashes(sqs_event([{"job_id": job_id}]), context())
    has_new_message = len(fake_site.comparisons.messages) > sent
    if answer["batchItemFailures"] or has_new_message:
        return False  # The comparison continues with the same message, or with the new one.
    item = fake_site.tables.items[keys.job("comparison", job_id)]
    return bool(item["state"] == JobState.DONE)


def postpone_job(fake_site: FakeSite) -> bool:
    """Deliver the message to a function that has no time left, and return whether it needs no redelivery."""
    message = {"job_id": fake_site.scene_state.comparison.job_id}
    answer = worker.compare_hashes(sqs_event([message]), context(seconds=1))
    return not answer["batchItemFailures"]


def cancel_comparison(fake_site: FakeSite) -> bool:
    job_id = fake_site.scene_state.comparison.job_id
    return call("DELETE", f"{STAFF_URL}/comparisons/{job_id}", 200, None, fake_site)


def assert_comparison_is_cancelled(fake_site: FakeSite) -> None:
    assert_audit_entry("comparison.cancelled", fake_site)
    job_id = fake_site.scene_state.comparison.job_id
    assert find_job(HashComparison, job_id, fake_site.tables).state == JobState.CANCELLED


def assert_message_is_sent_on(fake_site: FakeSite) -> None:
    assert {"job_id": fake_site.scene_state.comparison.job_id} in fake_site.comparisons.messages


def assert_figure_is_entered(fake_site: FakeSite) -> None:
    assert_audit_entry("figure.entered", fake_site)
    [figure] = petition_as_stored(SLUG, fake_site.tables).figures
    assert figure.count == 1


def assert_figure_is_compared_once(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    _, figure = petition_as_stored(SLUG, fake_site.tables).figures
    assert figure.compared
    assert (figure.count, figure.compared.seen, figure.compared.here) == (2, 1, 1)
    assert not fake_site.bucket.objects


HASH_SCENES = [
    Scene("issue_hash_key", with_bobs_token, partial(call, "POST", f"{STAFF_URL}/hash-keys", 201, {"source": SOURCE}),
          partial(assert_audit_entry, "hash-key.issued")),
    Scene("enter_figure", with_hashed_addresses, enter_hashes, assert_figure_is_entered),
    Scene("list_comparisons", with_a_waiting_comparison, partial(read, f"{STAFF_URL}/comparisons"),
          assert_exact_counts),
    Scene("cancel_comparison", with_a_waiting_comparison, cancel_comparison, assert_comparison_is_cancelled),
    Scene("compare_hashes", with_a_waiting_comparison, run_job, assert_figure_is_compared_once),
    Scene("compare_hashes", with_a_waiting_comparison, postpone_job, assert_message_is_sent_on),
]  # fmt: skip
