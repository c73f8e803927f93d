"""A digest: the first letters singly, then one email a day with number, areas, and letters in people's own words."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import MailRefused, Unavailable
from chalicelib.core.target_keys import DigestIds
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.digest_contents import next_digest_day
from chalicelib.letters.target_state import pause, target_state
from chalicelib.mail.send import CLAIM
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, NOW, Person, a_published_petition, change_item, item_of, key_of
from tests.letters.lettering import (
    HOME_SECRETARY,
    PENDING,
    TARGET as OFFICE,
    a_petition_with_a_letter,
    confirmed_with_a_letter,
    relayed,
    send_all,
)
from tests.letters.test_counts import TARGET, bounce, numbers
from tests.served import Served, schedule_event

HOUR = timedelta(hours=1)
# Gathered at noon of the 24th; due at 7 of the 25th.
UNTIL_SEVEN = 19 * HOUR
TOMORROW = DigestIds("safe-children", TARGET, (NOW + DAY).date())


def a_petition_with_digests(served: Served, first: int = 0, **changes: Any) -> Petition:
    delivery = {"mode": "digest", "first": first}
    return a_petition_with_a_letter(served, targets=[{**OFFICE, "delivery": delivery, **changes}])


def letters(served: Served, petition: Petition, count: int, **letter: Any) -> list[str]:
    """Let so many people send a letter, and deliver all emails. Return their signatures' ids."""
    identities = []
    for number in range(count):
        person = Person("Ann", f"ann{len(served.tables.items)}-{number}@mail.example")
        identity = confirmed_with_a_letter(served, petition, person, **letter)
        relayed(served, PENDING, item_of(served.tables, petition, identity))
        identities.append(identity)
    send_all(served)
    return identities


def morning(served: Served) -> None:
    served.clock.forward(UNTIL_SEVEN)
    run(served)


def run(served: Served) -> None:
    served.invoke("send_letter_digests", schedule_event())
    send_all(served)


def test_the_first_letters_go_singly_and_the_others_in_one_email(served: Served) -> None:
    petition = a_petition_with_digests(served, first=2)
    letters(served, petition, 5)
    assert [mail.to for mail in served.mailer.mails] == [HOME_SECRETARY] * 2
    assert numbers(served) == LetterNumbers(requested=5, sent=2)
    served.clock.forward(UNTIL_SEVEN - timedelta(seconds=1))
    run(served)
    assert len(served.mailer.mails) == 2, "not before seven"
    served.clock.forward(timedelta(seconds=1))
    run(served)
    digest = served.mailer.mails[-1]
    assert (digest.to, digest.subject) == (HOME_SECRETARY, f"3 letters about: {petition.title}")
    assert "Since our last email, 3 people have written to you with Harbour for Children." in digest.text
    assert "Specialist support for trafficked children" in digest.text
    assert numbers(served) == LetterNumbers(requested=5, sent=5)


def test_there_is_one_email_a_day_however_often_it_runs(served: Served) -> None:
    petition = a_petition_with_digests(served)
    letters(served, petition, 2)
    morning(served)
    for _ in range(5):
        served.clock.forward(HOUR)
        run(served)
    assert len(served.mailer.mails) == 1
    letters(served, petition, 3)
    served.clock.forward(DAY)
    run(served)
    assert [mail.subject[:1] for mail in served.mailer.mails] == ["2", "3"]
    assert numbers(served) == LetterNumbers(requested=5, sent=5)
    served.clock.forward(3 * DAY)
    run(served)
    assert len(served.mailer.mails) == 2, "no letters, no email"


def test_the_email_shows_letters_in_peoples_own_words_and_not_of_who_withdrew(served: Served) -> None:
    petition = a_petition_with_digests(served)
    [first] = letters(served, petition, 1, body="I was a guardian.", reply=True)
    [second] = letters(served, petition, 1, body="Please act now.")
    letters(served, petition, 4)
    before = item_of(served.tables, petition, second)
    withdraw(key_of(petition, second), petition, NOW, served.tables)
    relayed(served, before, item_of(served.tables, petition, second))
    email = item_of(served.tables, petition, first)["email"]
    morning(served)
    [mail] = served.mailer.mails
    assert mail.subject.startswith("5 letters")
    for part in (mail.text, mail.html):
        assert "I was a guardian." in part
        assert email in part
        assert "Please act now." not in part
    assert numbers(served) == LetterNumbers(requested=6, sent=5, dropped=1)


@pytest.mark.parametrize(("people", "shown"), [(49, False), (53, True)])
def test_areas_are_shown_only_if_nobody_can_be_recognised(served: Served, people: int, shown: bool) -> None:
    petition = a_petition_with_digests(served)
    for number in range(people):
        person = Person("Ann", f"ann{number}@mail.example")
        identity = confirmed_with_a_letter(served, petition, person)
        change_item(served.tables, petition, identity, postcode="LS1 4AP")
        relayed(served, PENDING, item_of(served.tables, petition, identity))
    send_all(served)
    morning(served)
    assert ("LS: 50" in served.mailer.mails[0].text) is shown


def test_a_crash_while_it_is_sent_makes_all_its_letters_unknown(served: Served) -> None:
    petition = a_petition_with_digests(served)
    letters(served, petition, 3)
    served.mailer.failures = [Unavailable("mail")]
    morning(served)
    served.clock.forward(CLAIM + HOUR)
    send_all(served)
    run(served)
    assert served.mailer.mails == []
    assert numbers(served) == LetterNumbers(requested=3, unknown=3)


@pytest.mark.parametrize("is_paused", [False, True])
def test_gathered_letters_are_dropped_when_staff_remove_the_letter(served: Served, is_paused: bool) -> None:
    letters(served, a_petition_with_digests(served), 3)
    if is_paused:
        pause("safe-children", TARGET, "staff", NOW, served.tables)
    a_published_petition(served.tables)
    morning(served)
    assert served.mailer.mails == []
    assert numbers(served) == LetterNumbers(requested=3, dropped=3)


def test_a_bounced_digest_is_failed_and_pauses_the_target(served: Served) -> None:
    petition = a_petition_with_digests(served)
    letters(served, petition, 3)
    morning(served)
    bounce(served)
    assert numbers(served) == LetterNumbers(requested=3, failed=3)
    assert target_state("safe-children", TARGET, served.tables).paused_why == "bounced"


def test_a_refused_digest_is_failed_and_pauses_the_target(served: Served) -> None:
    letters(served, a_petition_with_digests(served), 3)
    served.mailer.failures = [MailRefused()]
    morning(served)
    assert numbers(served) == LetterNumbers(requested=3, failed=3)
    assert target_state("safe-children", TARGET, served.tables).paused_why == "refused"


def test_the_day_ends_at_seven_in_london_in_summer_too() -> None:
    assert next_digest_day(NOW.replace(month=7, hour=5, minute=59)).day == NOW.day
    assert next_digest_day(NOW.replace(month=7, hour=6)).day == NOW.day + 1
