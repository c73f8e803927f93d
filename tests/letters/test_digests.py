"""Digests: a target gets the first letters singly, and the others in one email a day."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import MailRefused, Unavailable
from chalicelib.core.letter_keys import DigestIds
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.digest_contents import next_digest_day
from chalicelib.letters.target_state import pause, target_state
from chalicelib.mail.send import CLAIM
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, NOW, Person, a_published_petition, change_item, item_of, key_of
from tests.fake_site import FakeSite
from tests.letters.lettering import (
    HOME_SECRETARY,
    PENDING,
    TARGET as OFFICE,
    a_petition_with_a_letter,
    confirmed_with_a_letter,
    relay,
    send_all,
)
from tests.letters.test_counts import REJECTION, TARGET, bounce, numbers

HOUR = timedelta(hours=1)
# Letters are gathered at noon on the 24th. Their digest is due at seven on the 25th.
UNTIL_SEVEN = 19 * HOUR
TOMORROW = DigestIds("safe-children", TARGET, (NOW + DAY).date())


def a_petition_with_digests(fake_site: FakeSite, first: int = 0, **changes: Any) -> Petition:
    delivery = {"mode": "digest", "first": first}
    return a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "delivery": delivery, **changes}])


def send_letters(fake_site: FakeSite, petition: Petition, count: int, **letter: Any) -> list[str]:
    """Let so many people send a letter, and deliver all emails. Return their signatures' ids."""
    identities = []
    for number in range(count):
        person = Person("Ann", f"ann{len(fake_site.tables.items)}-{number}@mail.example")
        identity = confirmed_with_a_letter(fake_site, petition, person, **letter)
        relay(fake_site, PENDING, item_of(fake_site.tables, petition, identity))
        identities.append(identity)
    send_all(fake_site)
    return identities


def send_digests_at_seven(fake_site: FakeSite) -> None:
    fake_site.clock.forward(UNTIL_SEVEN)
    send_digests(fake_site)


def send_digests(fake_site: FakeSite) -> None:
    fake_site.invoke("check_mail", {"task": "digests"})
    send_all(fake_site)


def test_the_first_letters_go_singly_and_the_others_in_one_email(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site, first=2)
    send_letters(fake_site, petition, 5)
    assert [mail.to for mail in fake_site.mailer.mails] == [HOME_SECRETARY] * 2
    assert numbers(fake_site) == LetterNumbers(requested=5, sent=2)
    fake_site.clock.forward(UNTIL_SEVEN - timedelta(seconds=1))
    send_digests(fake_site)
    assert len(fake_site.mailer.mails) == 2, "not before seven"
    fake_site.clock.forward(timedelta(seconds=1))
    send_digests(fake_site)
    digest = fake_site.mailer.mails[-1]
    assert (digest.to, digest.subject) == (HOME_SECRETARY, f"3 letters about: {petition.title}")
    assert "Since our last email, 3 people have written to you with Harbour for Children." in digest.text
    assert "Specialist support for trafficked children" in digest.text
    assert numbers(fake_site) == LetterNumbers(requested=5, sent=5)


def test_there_is_one_email_a_day_however_often_the_function_runs(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    send_letters(fake_site, petition, 2)
    send_digests_at_seven(fake_site)
    for _ in range(5):
        fake_site.clock.forward(HOUR)
        send_digests(fake_site)
    assert len(fake_site.mailer.mails) == 1
    send_letters(fake_site, petition, 3)
    fake_site.clock.forward(DAY)
    send_digests(fake_site)
    assert [mail.subject[:1] for mail in fake_site.mailer.mails] == ["2", "3"]
    assert numbers(fake_site) == LetterNumbers(requested=5, sent=5)
    fake_site.clock.forward(3 * DAY)
    send_digests(fake_site)
    assert len(fake_site.mailer.mails) == 2, "no letters, no email"


def test_the_digest_shows_letters_in_peoples_own_words_but_not_of_people_who_withdrew(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    [first] = send_letters(fake_site, petition, 1, body="I was a guardian.", reply=True)
    [second] = send_letters(fake_site, petition, 1, body="Please act now.")
    send_letters(fake_site, petition, 4)
    before = item_of(fake_site.tables, petition, second)
    withdraw(key_of(petition, second), petition, NOW, fake_site.tables)
    relay(fake_site, before, item_of(fake_site.tables, petition, second))
    email = item_of(fake_site.tables, petition, first)["email"]
    send_digests_at_seven(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.subject.startswith("5 letters")
    for part in (mail.text, mail.html):
        assert "I was a guardian." in part
        assert email in part
        assert "Please act now." not in part
    assert numbers(fake_site) == LetterNumbers(requested=6, sent=5, dropped=1)


@pytest.mark.parametrize(("people", "are_shown"), [(49, False), (53, True)])
def test_areas_are_shown_only_if_nobody_can_be_recognised(fake_site: FakeSite, people: int, are_shown: bool) -> None:
    petition = a_petition_with_digests(fake_site)
    for number in range(people):
        person = Person("Ann", f"ann{number}@mail.example")
        identity = confirmed_with_a_letter(fake_site, petition, person)
        change_item(fake_site.tables, petition, identity, postcode="LS1 4AP")
        relay(fake_site, PENDING, item_of(fake_site.tables, petition, identity))
    send_all(fake_site)
    send_digests_at_seven(fake_site)
    assert ("LS: 50" in fake_site.mailer.mails[0].text) is are_shown


def test_a_crash_while_a_digest_is_sent_makes_all_its_letters_unknown(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    send_letters(fake_site, petition, 3)
    fake_site.mailer.failures = [Unavailable("mail")]
    send_digests_at_seven(fake_site)
    fake_site.clock.forward(CLAIM + HOUR)
    send_all(fake_site)
    send_digests(fake_site)
    assert fake_site.mailer.mails == []
    assert numbers(fake_site) == LetterNumbers(requested=3, unknown=3)


@pytest.mark.parametrize("is_paused", [False, True])
def test_gathered_letters_are_dropped_when_staff_remove_the_letter(fake_site: FakeSite, is_paused: bool) -> None:
    send_letters(fake_site, a_petition_with_digests(fake_site), 3)
    if is_paused:
        pause("safe-children", TARGET, "staff", NOW, fake_site.tables)
    a_published_petition(fake_site.tables)
    send_digests_at_seven(fake_site)
    assert fake_site.mailer.mails == []
    assert numbers(fake_site) == LetterNumbers(requested=3, dropped=3)


def test_a_bounced_digest_is_failed_and_pauses_the_target(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    send_letters(fake_site, petition, 3)
    send_digests_at_seven(fake_site)
    bounce(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=3, failed=3)
    assert target_state("safe-children", TARGET, fake_site.tables).paused_why == "bounced"


def test_a_digest_that_is_taken_for_spam_is_failed_and_pauses_the_target(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    send_letters(fake_site, petition, 3)
    send_digests_at_seven(fake_site)
    bounce(fake_site, details=REJECTION)
    assert numbers(fake_site) == LetterNumbers(requested=3, failed=3)
    assert target_state("safe-children", TARGET, fake_site.tables).paused_why == "rejected"


def test_a_refused_digest_is_failed_and_pauses_the_target(fake_site: FakeSite) -> None:
    send_letters(fake_site, a_petition_with_digests(fake_site), 3)
    fake_site.mailer.failures = [MailRefused()]
    send_digests_at_seven(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=3, failed=3)
    assert target_state("safe-children", TARGET, fake_site.tables).paused_why == "refused"


def test_the_day_of_a_digest_ends_at_seven_in_london_in_summer_too() -> None:
    assert next_digest_day(NOW.replace(month=7, hour=5, minute=59)).day == NOW.day
    assert next_digest_day(NOW.replace(month=7, hour=6)).day == NOW.day + 1
