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
from tests.served import Served

FORMULA = Person("O'Neill", "dora@mail.example")


def statuses(found: list[dict[str, str]]) -> dict[str, str]:
    return {row["id"]: row["status"] for row in found}


def test_it_lists_who_confirmed_and_asked_and_nobody_else(served: Served, petition: Petition) -> None:
    alice = confirmed(served.tables, petition, ALICE, updates=True, language="cy")
    confirmed(served.tables, petition, BOB)
    signed(served.tables, petition, CHARLIE, updates=True)
    bounced = confirmed(served.tables, petition, FORMULA, updates=True)
    mark_undeliverable(key_of(petition, bounced), "bounced", served.tables)
    done = worked(served, a_list(served.tables))
    assert (done.state, done.subscribed, done.unsubscribed, done.recipient_key) == (JobState.DONE, 1, 0, None)
    assert rows(served, done) == [
        {
            "status": "subscribed",
            "id": alice,
            "email": ALICE.email,
            "name": ALICE.name,
            "language": "cy",
            "confirmed_at": "2026-11-24T12:00:00Z",
        }
    ]
    assert not [key for key in served.bucket.objects if key.startswith("parts/")]


def test_the_file_can_be_read_with_the_key_only(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition, ALICE, updates=True)
    worked(served, a_list(served.tables))
    assert ALICE.email.encode() not in b"".join(served.bucket.objects.values())


@pytest.mark.parametrize(("end", "email"), [(unsubscribe, ALICE.email), ("withdraw", ""), ("erase", ""), ("gone", "")])
def test_who_unsubscribes_later_is_listed_in_every_later_list(
    served: Served, petition: Petition, end: object, email: str
) -> None:
    alice = confirmed(served.tables, petition, ALICE, updates=True)
    bob = confirmed(served.tables, petition, BOB, updates=True)
    worked(served, a_list(served.tables, 1))
    key = key_of(petition, alice)
    if end in ("withdraw", "gone"):
        withdraw(key, petition, NOW, served.tables)
    if end == "gone":
        del served.tables.items[key]
    if end == "erase":
        erase(key, petition, NOW, served.tables)
    if end is unsubscribe:
        unsubscribe(key, served.tables)
    for number in (2, 3):
        done = worked(served, a_list(served.tables, number))
        assert statuses(rows(served, done)) == {alice: "unsubscribed", bob: "subscribed"}
        assert [row["email"] for row in rows(served, done) if row["id"] == alice] == [email]


def test_who_never_asked_is_never_listed(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition, BOB)
    for number in (1, 2):
        assert rows(served, worked(served, a_list(served.tables, number))) == []


def test_who_stopped_all_email_is_not_listed_although_a_partner_says_that_they_agreed(
    served: Served, petition: Petition
) -> None:
    alice = confirmed(served.tables, petition, ALICE, updates=True)
    choice = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), SLUG)
    stop(choice, subject_of(petition, alice), served.tables)
    change_item(served.tables, petition, alice, updates=True)
    assert worked(served, a_list(served.tables, 1)).subscribed == 0
    resume(choice, NOW, served.tables)
    assert worked(served, a_list(served.tables, 2)).subscribed == 1


def test_a_list_that_is_killed_after_each_step_is_the_same(served: Served, petition: Petition) -> None:
    people = [Person("Person", f"person{number}@mail.example") for number in range(150)]
    listed = {confirmed(served.tables, petition, person, updates=True) for person in people}
    job = a_list(served.tables)
    for _ in range(3):
        job = worked(served, job, 1000)
        assert job.is_open
    done = worked(served, job)
    assert {row["id"] for row in rows(served, done)} == listed
    assert (done.subscribed, len(done.parts)) == (150, len(keys.BUCKETS))
