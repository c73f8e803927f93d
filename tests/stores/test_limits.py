"""The limits table: choices to get no more emails form a set, and racing senders take turns and budgets once."""

import pytest

from chalicelib.aws.table import Tables
from chalicelib.mail.budget import INTERVALS, is_stopped, read_allowance, resume, stop, take_email
from chalicelib.mail.turns import BURST, book_first_email
from tests.actors import NOW, a_petition, identity_of, subject_of
from tests.mail.test_budget import ALICES_MAILBOX, SLUG, a_request, take_emails
from tests.mail.test_stop import alices_choice
from tests.stores.racing import at_once


def test_choices_to_get_no_more_emails_are_added_and_undone_one_by_one(tables: Tables) -> None:
    petitions = [a_petition(slug=f"petition-{number}") for number in range(3)]
    subject = subject_of(petitions[0], identity_of(petitions[0]))
    for petition in petitions:
        stop(alices_choice(petition), subject, NOW, tables)
    for petition in petitions:
        assert is_stopped(alices_choice(petition), tables)
        resume(alices_choice(petition), NOW, tables)
        assert not is_stopped(alices_choice(petition), tables)
    item = tables.get(alices_choice(petitions[0]).key, consistent=True)
    assert item
    assert item.keys() == {"pk", "sk", "expires_at"}


def test_racing_senders_book_different_turns(tables: Tables) -> None:
    turns = at_once(lambda _: book_first_email("one", NOW, tables), range(BURST + 20), threads=4)
    assert len(set(turns)) == 21


@pytest.mark.parametrize("earlier", [0, 2])
def test_one_of_several_racing_senders_takes_from_the_budget(tables: Tables, earlier: int) -> None:
    now = take_emails(tables, earlier)
    requests = [a_request(number) for number in range(9, 17)]
    found = at_once(lambda each: take_email(ALICES_MAILBOX, SLUG, each, now, tables).next_at, requests, threads=4)
    next_turn = now + INTERVALS[earlier]
    assert sorted(found) == [now, *[next_turn] * 7]


def test_a_retry_of_the_same_request_takes_nothing(tables: Tables) -> None:
    for _ in range(3):
        assert take_email(ALICES_MAILBOX, SLUG, a_request(), NOW, tables).next_at == NOW
    assert read_allowance(ALICES_MAILBOX, SLUG, NOW, tables).next_at == NOW + INTERVALS[0]
