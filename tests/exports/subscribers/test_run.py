"""A list has exactly the people who get updates now, and people of earlier lists who no longer get updates."""

import pytest

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.mail.budget import choice_of, resume, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.withdraw import erase, unsubscribe, withdraw
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    LIMIT_KEYS,
    NOW,
    Person,
    change_item,
    confirmed,
    key_of,
    signed,
    subject_of,
)
from tests.exports.subscribers.listing import SLUG, a_list, rows, run_once, statuses
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


def test_the_file_can_be_read_with_the_key_only(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    run_once(fake_site, a_list(fake_site.tables))
    assert ALICE.email.encode() not in b"".join(fake_site.bucket.objects.values())


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


def test_a_person_who_never_asked_for_updates_is_never_listed(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, BOB)
    for number in (1, 2):
        assert rows(fake_site, run_once(fake_site, a_list(fake_site.tables, number))) == []


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
    people = [Person("Person", f"person{number}@mail.example") for number in range(150)]
    listed = {confirmed(fake_site.tables, petition, person, updates=True) for person in people}
    job = a_list(fake_site.tables)
    for _ in range(3):
        job = run_once(fake_site, job, seconds=1)
        assert job.is_open
    done = run_once(fake_site, job)
    assert {row["id"] for row in rows(fake_site, done)} == listed
    assert (done.subscribed, len(done.parts)) == (150, len(keys.BUCKETS))
