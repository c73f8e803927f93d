"""A digest: the first letters singly, then one email a day with number, areas, and letters in people's own words."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core.errors import ConditionFailed, MailRefused, SendingStopped, Unavailable
from chalicelib.core.letter_keys import letter_ids
from chalicelib.core.target_keys import DigestIds
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.gathered import close, find_digest, gather, next_day
from chalicelib.letters.target_state import pause, resume, target_state
from chalicelib.mail.pause import PAUSE
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


def leaves(served: Served, petition: Petition, *identities: str) -> None:
    """Let people withdraw, and deliver the stream's record of it three times."""
    for identity in identities:
        before = item_of(served.tables, petition, identity)
        withdraw(key_of(petition, identity), petition, served.clock(), served.tables)
        for _ in range(3):
            relayed(served, before, item_of(served.tables, petition, identity))


def closed_and_requested(served: Served) -> None:
    served.clock.forward(UNTIL_SEVEN)
    served.invoke("send_letter_digests", schedule_event())


def test_who_withdraws_between_the_closing_and_the_sending_is_neither_counted_nor_shown(served: Served) -> None:
    petition = a_petition_with_digests(served)
    [ann] = letters(served, petition, 1, body="I was a guardian.")
    letters(served, petition, 2)
    closed_and_requested(served)
    leaves(served, petition, ann)
    send_all(served)
    [mail] = served.mailer.mails
    assert mail.subject.startswith("2 letters")
    assert "I was a guardian." not in mail.text
    assert numbers(served) == LetterNumbers(requested=3, sent=2, dropped=1)


def test_if_everybody_withdraws_after_the_closing_there_is_no_email(served: Served) -> None:
    petition = a_petition_with_digests(served)
    people = letters(served, petition, 2)
    closed_and_requested(served)
    leaves(served, petition, *people)
    send_all(served)
    assert served.mailer.mails == []
    assert numbers(served) == LetterNumbers(requested=2, dropped=2)


@pytest.mark.parametrize("failure", [None, SendingStopped("mail"), Unavailable("mail"), MailRefused()])
def test_who_withdraws_while_it_is_being_sent_is_counted_only_if_that_email_went(
    served: Served, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    """After an unclear answer the letter is unknown, because the email may have reported it."""
    petition = a_petition_with_digests(served)
    [ann, *_] = letters(served, petition, 3, body="I was a guardian.")
    closed_and_requested(served)
    send = served.mailer.send

    def send_while_ann_leaves(mail: Mail) -> str:
        monkeypatch.setattr(served.mailer, "send", send)
        leaves(served, petition, ann)
        return send(mail)

    monkeypatch.setattr(served.mailer, "send", send_while_ann_leaves)
    served.mailer.failures = [failure] if failure else []
    send_all(served)
    served.clock.forward(PAUSE + CLAIM)
    send_all(served)
    expected = {
        "NoneType": (["3"], LetterNumbers(requested=3, sent=3)),
        "SendingStopped": (["2"], LetterNumbers(requested=3, sent=2, dropped=1)),
        "Unavailable": ([], LetterNumbers(requested=3, unknown=3)),
        "MailRefused": ([], LetterNumbers(requested=3, failed=3)),
    }
    assert ([mail.subject[:1] for mail in served.mailer.mails], numbers(served)) == expected[type(failure).__name__]


def test_after_a_failed_attempt_who_withdraws_is_taken_out_at_once(served: Served) -> None:
    petition = a_petition_with_digests(served)
    [ann, *_] = letters(served, petition, 3)
    served.mailer.failures = [SendingStopped("mail")]
    morning(served)
    leaves(served, petition, ann)
    assert numbers(served) == LetterNumbers(requested=3, dropped=1)


def test_who_was_taken_out_before_the_second_attempt_may_send_a_letter_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_who_withdraws_while_it_is_being_sent_is_counted_only_if_that_email_went(
        served, monkeypatch, SendingStopped("mail")
    )
    [left] = [item for key, item in served.tables.items.items() if "mail_dropped_at" in item]
    assert LETTERS.request(left["sk"], served.clock(), served.tables)
    assert numbers(served) == LetterNumbers(requested=3, sent=2)


def test_who_withdraws_after_it_was_sent_is_still_counted_as_sent(served: Served) -> None:
    petition = a_petition_with_digests(served)
    [ann, *_] = letters(served, petition, 2)
    morning(served)
    leaves(served, petition, ann)
    assert numbers(served) == LetterNumbers(requested=2, sent=2)
    assert "late" not in served.tables.items[TOMORROW.key]


def test_who_withdraws_while_the_target_is_paused_is_not_counted(served: Served) -> None:
    petition = a_petition_with_digests(served)
    ann, *_ = letters(served, petition, 3)
    pause("safe-children", TARGET, "staff", NOW, served.tables)
    morning(served)
    before = item_of(served.tables, petition, ann)
    withdraw(key_of(petition, ann), petition, served.clock(), served.tables)
    relayed(served, before, item_of(served.tables, petition, ann))
    resume("safe-children", TARGET, served.tables)
    run(served)
    assert [mail.subject[:2] for mail in served.mailer.mails] == ["2 "]
    assert numbers(served) == LetterNumbers(requested=3, sent=2, dropped=1)


def test_if_everybody_withdraws_there_is_no_email(served: Served) -> None:
    petition = a_petition_with_digests(served)
    [alice] = letters(served, petition, 1)
    before = item_of(served.tables, petition, alice)
    withdraw(key_of(petition, alice), petition, NOW, served.tables)
    for _ in range(3):
        relayed(served, before, item_of(served.tables, petition, alice))
    morning(served)
    assert served.mailer.mails == []
    assert numbers(served) == LetterNumbers(requested=1, dropped=1)


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


def test_a_closed_digest_takes_no_letter_and_the_next_one_does(served: Served) -> None:
    petition = a_petition_with_digests(served)
    letters(served, petition, 1)
    close(TOMORROW, NOW, served.tables)
    letters(served, petition, 1)
    found = [find_digest(TOMORROW._replace(day=TOMORROW.day + n * DAY), served.tables) for n in (0, 1)]
    assert [each and each.letters for each in found] == [1, 1]


def test_a_letter_is_gathered_once(served: Served) -> None:
    petition = a_petition_with_digests(served)
    identity = confirmed_with_a_letter(served, petition)
    key = f"safe-children_{TARGET}_{identity}"
    request = LETTERS.request(key, NOW, served.tables)
    assert gather(letter_ids(key), request, "LS", False, NOW, served.tables) == TOMORROW
    assert gather(letter_ids(key), request, "LS", False, NOW, served.tables) is None
    found = find_digest(TOMORROW, served.tables)
    assert found is not None
    assert (found.letters, found.areas) == (1, {"LS": 1})
    with pytest.raises(ConditionFailed):
        LETTERS.request(key, NOW, served.tables)


def test_the_day_ends_at_seven_in_london_in_summer_too() -> None:
    assert next_day(NOW.replace(month=7, hour=5, minute=59)).day == NOW.day
    assert next_day(NOW.replace(month=7, hour=6)).day == NOW.day + 1
