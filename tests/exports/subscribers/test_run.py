"""A list has exactly the people who get updates now, and people of earlier lists who no longer get updates."""

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import keys
from chalicelib.core.rights import Right
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.exports.subscribers.run import ListWork
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, find_job
from chalicelib.mail.budget import choice_of, resume, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.withdraw import erase, unsubscribe, withdraw
from tests import asking
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    LIMIT_KEYS,
    NOW,
    Person,
    bobs_token,
    change_item,
    confirmed,
    key_of,
    signed,
    subject_of,
)
from tests.asking import actions
from tests.exports.subscribers.listing import RECIPIENT, SLUG, a_list, rows, run_once, statuses
from tests.fake_site import FakeSite

DORA = Person("O'Neill", "dora@mail.example")


def test_a_list_has_only_people_who_confirmed_and_asked_for_updates(fake_site: FakeSite, petition: Petition) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True, language="cy")
    confirmed(fake_site.tables, petition, BOB)
    signed(fake_site.tables, petition, CHARLIE, updates=True)
    bounced = confirmed(fake_site.tables, petition, DORA, updates=True)
    mark_undeliverable(key_of(petition, bounced), "bounced", fake_site.tables)
    done = run_once(fake_site, a_list(fake_site.tables))
    assert (done.state, done.subscribed, done.unsubscribed) == (JobState.DONE, 1, 0)
    assert rows(fake_site, done) == [
        {
            "status": "subscribed",
            "id": alice,
            "email": ALICE.email,
            "name": ALICE.name,
            "language": "cy",
            "confirmed_at": "2026-11-24T12:00:00Z",
        }
    ]
    assert not [key for key in fake_site.bucket.objects if key.startswith("parts/")]


@pytest.mark.parametrize(("end", "email"), [(unsubscribe, ALICE.email), ("withdraw", ""), ("erase", ""), ("gone", "")])
def test_a_person_who_unsubscribes_is_listed_as_unsubscribed_in_every_later_list(
    fake_site: FakeSite, petition: Petition, end: object, email: str
) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True)
    bob = confirmed(fake_site.tables, petition, BOB, updates=True)
    run_once(fake_site, a_list(fake_site.tables, 1))
    key = key_of(petition, alice)
    if end in ("withdraw", "gone"):
        withdraw(key, petition, NOW, fake_site.tables)
    if end == "gone":
        del fake_site.tables.items[key]
    if end == "erase":
        erase(key, petition, NOW, fake_site.tables)
    if end is unsubscribe:
        unsubscribe(key, NOW, fake_site.tables)
    for number in (2, 3):
        done = run_once(fake_site, a_list(fake_site.tables, number))
        assert statuses(fake_site, done) == {alice: "unsubscribed", bob: "subscribed"}
        [alices_row] = [row for row in rows(fake_site, done) if row["id"] == alice]
        assert alices_row["email"] == email


def test_a_person_who_stopped_all_email_is_not_listed_although_a_partner_states_their_consent(
    fake_site: FakeSite, petition: Petition
) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True)
    choice = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), SLUG)
    stop(choice, subject_of(petition, alice), NOW, fake_site.tables)
    change_item(fake_site.tables, petition, alice, updates=True)
    assert run_once(fake_site, a_list(fake_site.tables, 1)).subscribed == 0
    resume(choice, NOW, fake_site.tables)
    assert run_once(fake_site, a_list(fake_site.tables, 2)).subscribed == 1


def test_a_list_that_runs_out_of_time_after_each_step_is_complete(fake_site: FakeSite, petition: Petition) -> None:
    people = [Person("Person", f"person{number}@mail.example") for number in range(30)]
    listed = {confirmed(fake_site.tables, petition, person, updates=True) for person in people}
    job = a_list(fake_site.tables)
    for _ in range(3):
        job = run_once(fake_site, job, seconds=1)
        assert job.is_open
    done = run_once(fake_site, job)
    assert {row["id"] for row in rows(fake_site, done)} == listed
    assert (done.subscribed, len(done.parts)) == (30, len(keys.BUCKETS))


def test_a_person_who_unsubscribed_before_any_list_was_done_is_not_listed(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True)
    first = a_list(fake_site.tables, 1)
    deliver = ListWork._deliver

    def cancel_and_deliver(work: ListWork, job: OptInList) -> OptInList:
        cancel(job, NOW, fake_site.tables)
        return deliver(work, job)

    with monkeypatch.context() as patch:
        patch.setattr(ListWork, "_deliver", cancel_and_deliver)
        assert run_once(fake_site, first).state == "cancelled"
    assert not fake_site.bucket.objects
    change_item(fake_site.tables, petition, alice, updates=False)
    assert rows(fake_site, run_once(fake_site, a_list(fake_site.tables, 2))) == []


def test_only_the_ids_of_the_last_list_that_was_done_are_kept(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    run_once(fake_site, a_list(fake_site.tables, 1))
    second = run_once(fake_site, a_list(fake_site.tables, 2))
    third = a_list(fake_site.tables, 3)
    run_once(fake_site, third, seconds=130)
    cancel(third, NOW, fake_site.tables)
    run_once(fake_site, third)
    run_once(fake_site, second)  # Its message comes again.
    kept = {key.rpartition("/")[0] for key in fake_site.bucket.objects if key.startswith("listed/")}
    assert kept == {f"listed/{second.job_id}"}


LISTS = "/api/staff/petitions/safe-children/lists"


def ask(fake_site: FakeSite, method: str, path: str, body: object = None) -> HTTPResponse:
    return asking.ask(fake_site, bobs_token(fake_site.tables, NOW, Right.EXPORT), method, path, body)


def test_bob_requests_a_list_and_gets_a_link_to_it(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    answer = ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT})
    assert (answer.status_code, answer.json_body["state"]) == (202, "waiting")
    link = f"/api/staff/lists/{answer.json_body['id']}/file"
    assert ask(fake_site, "GET", link).status_code == 409
    done = run_once(fake_site, find_job(OptInList, answer.json_body["id"], fake_site.tables))
    [listed] = ask(fake_site, "GET", LISTS).json_body["lists"]
    assert (listed["state"], listed["subscribed"], listed["recipient"]) == ("done", 1, RECIPIENT)
    assert ask(fake_site, "GET", link).json_body["url"]
    assert [row["email"] for row in rows(fake_site, done)] == [ALICE.email]
    assert actions(fake_site) == ["list.fetched", "list.requested"]


def test_the_next_list_continues_the_first(fake_site: FakeSite, petition: Petition) -> None:
    jobs = []
    for _ in range(2):
        answer = ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT})
        jobs.append(run_once(fake_site, find_job(OptInList, answer.json_body["id"], fake_site.tables)))
        fake_site.clock.forward(DAY / 24)
    assert [job.earlier for job in jobs] == [None, jobs[0].job_id]


@pytest.mark.parametrize("body", [{}, {"recipient": None}, {"recipient": "age1x"}, {"recipient": RECIPIENT, "more": 1}])
def test_a_list_without_a_public_key_is_refused(fake_site: FakeSite, petition: Petition, body: object) -> None:
    assert ask(fake_site, "POST", LISTS, body).status_code == 422
    assert not fake_site.address_jobs.messages


def test_a_cancelled_list_ends_without_a_file_and_the_next_may_start(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    requested = ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT})
    path = f"/api/staff/lists/{requested.json_body['id']}"
    for _ in range(2):
        answer = ask(fake_site, "DELETE", path)
        assert (answer.status_code, answer.json_body["state"]) == (200, "cancelled")
    run_once(fake_site, find_job(OptInList, answer.json_body["id"], fake_site.tables))
    assert ask(fake_site, "GET", f"{path}/file").status_code == 409
    assert not [key for key in fake_site.bucket.objects if key.startswith(("parts/", "files/"))]
    assert ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT}).status_code == 202
    assert actions(fake_site).count("list.cancelled") == 1
