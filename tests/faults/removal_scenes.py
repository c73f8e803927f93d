"""Scenes of held and removed signatures: remove, put back, release."""

from functools import partial

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.removals.model import Condition, RemovalAction
from chalicelib.runner.worker import run_address_job
from tests.actors import ALICE, change_item, confirmed, identity_of, signed
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.public_scenes import TOKEN
from tests.faults.scenes import PETITION, Scene, assert_exact_counts, post
from tests.removals.removing import store_removal


def with_a_removal(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, PETITION)
    store_removal(fake_site.tables, state=JobState.WAITING)


def with_a_removal_that_is_done(fake_site: FakeSite) -> None:
    with_a_removal(fake_site)
    run(fake_site)


def with_an_undo(fake_site: FakeSite) -> None:
    with_a_removal_that_is_done(fake_site)
    store_undo(fake_site)


def store_undo(fake_site: FakeSite) -> None:
    undo = {"action": RemovalAction.UNDO, "condition": Condition(), "undoes": "safe-children.done"}
    store_removal(fake_site.tables, job_id="safe-children.undo", state=JobState.WAITING, **undo)


def with_a_release(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)
    change_item(fake_site.tables, PETITION, identity_of(PETITION), held="network", state="held")
    store_removal(fake_site.tables, state=JobState.WAITING, action=RemovalAction.RELEASE, condition=Condition())


def with_alice_held(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)
    change_item(fake_site.tables, PETITION, identity_of(PETITION), held="network")


def with_an_unconfirmed_held_signature(fake_site: FakeSite) -> None:
    with_a_release(fake_site)
    change_item(fake_site.tables, PETITION, identity_of(PETITION), state="pending")


def with_a_removal_of_an_unconfirmed_signature(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)
    store_removal(fake_site.tables, state=JobState.WAITING)


def with_its_undo(fake_site: FakeSite) -> None:
    with_a_removal_of_an_unconfirmed_signature(fake_site)
    run(fake_site)
    store_undo(fake_site)


def run(fake_site: FakeSite, job_id: str = "safe-children.done") -> bool:
    """Deliver the job's message and return whether it is done."""
    answer = run_address_job(sqs_event([{"kind": "removal", "job_id": job_id}]), context())
    item = fake_site.tables.items[keys.job("removal", job_id)]
    return not answer["batchItemFailures"] and item["state"] == JobState.DONE


def assert_alice_is(state: str, fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    item = fake_site.tables.items[keys.signature(PETITION.slug, identity_of(PETITION, ALICE))]
    assert item["state"] == state


def assert_the_public_knows(number: int, fake_site: FakeSite) -> None:
    assert_alice_is("removed" if number else "confirmed", fake_site)
    [removal] = fake_site.tables.items[keys.petition(PETITION.slug)]["removals"]
    assert (removal["count"], removal["put_back"]) == (number, 1 - number)


run_undo = partial(run, job_id="safe-children.undo")
SCENES = [
    Scene("confirm_signature", with_alice_held, partial(post, "/confirm", TOKEN, 200),
          partial(assert_alice_is, "held")),
    Scene("run_address_job", with_a_removal, run, partial(assert_the_public_knows, 1)),
    Scene("run_address_job", with_an_undo, run_undo, partial(assert_the_public_knows, 0)),
    Scene("run_address_job", with_a_release, run, partial(assert_alice_is, "confirmed")),
    Scene("run_address_job", with_an_unconfirmed_held_signature, run, partial(assert_alice_is, "pending")),
    Scene("run_address_job", with_a_removal_of_an_unconfirmed_signature, run, partial(assert_alice_is, "removed")),
    Scene("run_address_job", with_its_undo, run_undo, partial(assert_alice_is, "pending")),
]  # fmt: skip
