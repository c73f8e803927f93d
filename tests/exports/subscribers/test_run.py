"""A list has exactly those who get updates now, and those of earlier lists who no longer do."""

import pytest

from chalicelib.core import keys
from chalicelib.jobs.model import JobState
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.stop import choice_of, resume, stop
from chalicelib.petitions.model import Petition
from chalicelib.signatures.erase import erase
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.withdraw import unsubscribe, withdraw
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
from tests.exports.subscribers.listing import SLUG, a_list, rows, worked
from tests.fake_site import FakeSite

FORMULA = Person("O'Neill", "dora@mail.example")


def statuses(found: list[dict[str, str]]) -> dict[str, str]:
    return {row["id"]: row["status"] for row in found}


def test_it_lists_who_confirmed_and_asked_and_nobody_else(fake_site: FakeSite, petition: Petition) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True, language="cy")
    confirmed(fake_site.tables, petition, BOB)
    signed(fake_site.tables, petition, CHARLIE, updates=True)
    bounced = confirmed(fake_site.tables, petition, FORMULA, updates=True)
    mark_undeliverable(key_of(petition, bounced), "bounced", fake_site.tables)
    done = worked(fake_site, a_list(fake_site.tables))
    assert (done.state, done.subscribed, done.unsubscribed, done.recipient_key) == (JobState.DONE, 1, 0, None)
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
    worked(fake_site, a_list(fake_site.tables))
    assert ALICE.email.encode() not in b"".join(fake_site.bucket.objects.values())


@pytest.mark.parametrize(("end", "email"), [(unsubscribe, ALICE.email), ("withdraw", ""), ("erase", ""), ("gone", "")])
def test_who_unsubscribes_later_is_listed_in_every_later_list(
    fake_site: FakeSite, petition: Petition, end: object, email: str
) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True)
    bob = confirmed(fake_site.tables, petition, BOB, updates=True)
    worked(fake_site, a_list(fake_site.tables, 1))
    key = key_of(petition, alice)
    if end in ("withdraw", "gone"):
        withdraw(key, petition, NOW, fake_site.tables)
    if end == "gone":
        del fake_site.tables.items[key]
    if end == "erase":
        erase(key, petition, NOW, fake_site.tables)
    if end is unsubscribe:
        unsubscribe(key, fake_site.tables)
    for number in (2, 3):
        done = worked(fake_site, a_list(fake_site.tables, number))
        assert statuses(rows(fake_site, done)) == {alice: "unsubscribed", bob: "subscribed"}
        assert [row["email"] for row in rows(fake_site, done) if row["id"] == alice] == [email]


def test_who_never_asked_is_never_listed(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, BOB)
    for number in (1, 2):
        assert rows(fake_site, worked(fake_site, a_list(fake_site.tables, number))) == []


def test_who_stopped_all_email_is_not_listed_although_a_partner_says_that_they_agreed(
    fake_site: FakeSite, petition: Petition
) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True)
    choice = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), SLUG)
    stop(choice, subject_of(petition, alice), fake_site.tables)
    change_item(fake_site.tables, petition, alice, updates=True)
    assert worked(fake_site, a_list(fake_site.tables, 1)).subscribed == 0
    resume(choice, NOW, fake_site.tables)
    assert worked(fake_site, a_list(fake_site.tables, 2)).subscribed == 1


def test_a_list_that_is_killed_after_each_step_is_the_same(fake_site: FakeSite, petition: Petition) -> None:
    people = [Person("Person", f"person{number}@mail.example") for number in range(150)]
    listed = {confirmed(fake_site.tables, petition, person, updates=True) for person in people}
    job = a_list(fake_site.tables)
    for _ in range(3):
        job = worked(fake_site, job, 1000)
        assert job.is_open
    done = worked(fake_site, job)
    assert {row["id"] for row in rows(fake_site, done)} == listed
    assert (done.subscribed, len(done.parts)) == (150, len(keys.BUCKETS))
