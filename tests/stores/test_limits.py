"""The limits table: choices to get no more emails form a set, and turns to send are booked one after the other."""

from chalicelib.aws.table import Tables
from chalicelib.mail.budget import is_stopped, resume, stop
from chalicelib.mail.turns import BURST, book_first_email
from tests.actors import NOW, a_petition, identity_of, subject_of
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
    turns = at_once(lambda: book_first_email("one", NOW, tables), BURST + 20, threads=4)
    assert len(set(turns)) == 21
