"""A digest reports each letter once, without the letters of people who withdrew before its email was sent."""

from collections.abc import Mapping

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core.errors import ConditionFailed, MailRefused, SendingStopped, Unavailable
from chalicelib.core.letter_keys import letter_ids
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import close, find_digest, gather
from chalicelib.letters.target_state import pause, resume
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sending import PAUSE
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, NOW, change_item, item_of, key_of
from tests.fake_site import FakeSite
from tests.letters.lettering import confirmed_with_a_letter, relay, send_all, sweep_and_send_all
from tests.letters.test_counts import TARGET, numbers
from tests.letters.test_digests import (
    TOMORROW,
    UNTIL_SEVEN,
    a_petition_with_digests,
    send_digests,
    send_digests_at_seven,
    send_letters,
)


def withdraw_people(fake_site: FakeSite, petition: Petition, *identities: str) -> None:
    """Let people withdraw, and deliver each of the stream's records three times."""
    for identity in identities:
        before = item_of(fake_site.tables, petition, identity)
        withdraw(key_of(petition, identity), petition, fake_site.clock(), fake_site.tables)
        for _ in range(3):
            relay(fake_site, before, item_of(fake_site.tables, petition, identity))


def close_and_request_digest(fake_site: FakeSite) -> None:
    fake_site.clock.forward(UNTIL_SEVEN)
    fake_site.invoke("check_mail", {"task": "digests"})


def test_a_person_who_withdraws_between_closing_and_sending_is_neither_counted_nor_shown(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    [ann] = send_letters(fake_site, petition, 1, body="I was a guardian.")
    send_letters(fake_site, petition, 2)
    close_and_request_digest(fake_site)
    withdraw_people(fake_site, petition, ann)
    send_all(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.subject.startswith("2 letters")
    assert "I was a guardian." not in mail.text
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=2, dropped=1)


def test_if_everybody_withdraws_after_the_closing_there_is_no_email(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    people = send_letters(fake_site, petition, 2)
    close_and_request_digest(fake_site)
    withdraw_people(fake_site, petition, *people)
    send_all(fake_site)
    assert fake_site.mailer.mails == []
    assert numbers(fake_site) == LetterNumbers(requested=2, dropped=2)


def test_a_person_who_moved_leaves_the_area_in_which_the_digest_counts_them(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    [ann, _] = send_letters(fake_site, petition, 2)
    [(area, letters)] = areas_of_tomorrow(fake_site).items()
    assert letters == 2
    change_item(fake_site.tables, petition, ann, country="GB", postcode="M1 1AE")
    withdraw_people(fake_site, petition, ann)
    assert areas_of_tomorrow(fake_site) == {area: 1}


def areas_of_tomorrow(fake_site: FakeSite) -> Mapping[str, int]:
    digest = find_digest(TOMORROW, fake_site.tables)
    assert digest
    return digest.areas


@pytest.mark.parametrize("failure", [None, SendingStopped("mail"), Unavailable("mail"), MailRefused()])
def test_a_person_who_withdraws_during_sending_is_counted_only_if_that_email_was_sent(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    """After Unavailable, the letters' outcome is unknown, because SES may have sent the email that reports them."""
    petition = a_petition_with_digests(fake_site)
    [ann, *_] = send_letters(fake_site, petition, 3, body="I was a guardian.")
    close_and_request_digest(fake_site)
    send = fake_site.mailer.send

    def send_while_ann_withdraws(mail: Mail) -> str:
        monkeypatch.setattr(fake_site.mailer, "send", send)
        withdraw_people(fake_site, petition, ann)
        return send(mail)

    monkeypatch.setattr(fake_site.mailer, "send", send_while_ann_withdraws)
    fake_site.mailer.failures = [failure] if failure else []
    send_all(fake_site)
    fake_site.clock.forward(PAUSE + CLAIM)
    send_all(fake_site)
    sweep_and_send_all(fake_site)
    expected = {
        "NoneType": (["3"], LetterNumbers(requested=3, sent=3)),
        "SendingStopped": (["2"], LetterNumbers(requested=3, sent=2, dropped=1)),
        "Unavailable": ([], LetterNumbers(requested=3, unknown=3)),
        "MailRefused": ([], LetterNumbers(requested=3, failed=3)),
    }
    subjects = [mail.subject[:1] for mail in fake_site.mailer.mails]
    assert (subjects, numbers(fake_site)) == expected[type(failure).__name__]


def test_a_person_who_withdraws_after_a_failed_attempt_is_taken_out_at_once(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    [ann, *_] = send_letters(fake_site, petition, 3)
    fake_site.mailer.failures = [SendingStopped("mail")]
    send_digests_at_seven(fake_site)
    withdraw_people(fake_site, petition, ann)
    assert numbers(fake_site) == LetterNumbers(requested=3, dropped=1)


def test_a_person_who_was_taken_out_before_the_second_attempt_may_send_a_letter_again(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_a_person_who_withdraws_during_sending_is_counted_only_if_that_email_was_sent(
        fake_site, monkeypatch, SendingStopped("mail")
    )
    [dropped] = [item for key, item in fake_site.tables.items.items() if "mail_dropped_at" in item]
    assert LETTERS.request(dropped["sk"], fake_site.clock(), fake_site.tables)
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=2)


def test_a_person_who_withdraws_after_the_digest_was_sent_is_still_counted_as_sent(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    [ann, *_] = send_letters(fake_site, petition, 2)
    send_digests_at_seven(fake_site)
    withdraw_people(fake_site, petition, ann)
    assert numbers(fake_site) == LetterNumbers(requested=2, sent=2)
    assert "late" not in fake_site.tables.items[TOMORROW.key]


def test_a_person_who_withdraws_while_the_target_is_paused_is_not_counted(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    ann, *_ = send_letters(fake_site, petition, 3)
    pause("safe-children", TARGET, "staff", NOW, fake_site.tables)
    send_digests_at_seven(fake_site)
    before = item_of(fake_site.tables, petition, ann)
    withdraw(key_of(petition, ann), petition, fake_site.clock(), fake_site.tables)
    relay(fake_site, before, item_of(fake_site.tables, petition, ann))
    resume("safe-children", TARGET, NOW, fake_site.tables)
    send_digests(fake_site)
    assert [mail.subject[:2] for mail in fake_site.mailer.mails] == ["2 "]
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=2, dropped=1)


def test_if_everybody_withdraws_there_is_no_email(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    [alice] = send_letters(fake_site, petition, 1)
    before = item_of(fake_site.tables, petition, alice)
    withdraw(key_of(petition, alice), petition, NOW, fake_site.tables)
    for _ in range(3):
        relay(fake_site, before, item_of(fake_site.tables, petition, alice))
    send_digests_at_seven(fake_site)
    assert fake_site.mailer.mails == []
    assert numbers(fake_site) == LetterNumbers(requested=1, dropped=1)


def test_a_letter_after_the_closing_is_in_the_next_digest(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    send_letters(fake_site, petition, 1)
    close(TOMORROW, NOW, fake_site.tables)
    send_letters(fake_site, petition, 1)
    for day in (TOMORROW.day, TOMORROW.day + DAY):
        digest = find_digest(TOMORROW._replace(day=day), fake_site.tables)
        assert digest is not None
        assert digest.letters == 1


def test_a_letter_is_gathered_once(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    identity = confirmed_with_a_letter(fake_site, petition)
    key = f"safe-children_{TARGET}_{identity}"
    request = LETTERS.request(key, NOW, fake_site.tables)
    assert gather(letter_ids(key), request, "LS", False, NOW, fake_site.tables) == TOMORROW
    assert gather(letter_ids(key), request, "LS", False, NOW, fake_site.tables) is None
    digest = find_digest(TOMORROW, fake_site.tables)
    assert digest is not None
    assert (digest.letters, digest.areas) == (1, {"LS": 1})
    with pytest.raises(ConditionFailed):
        LETTERS.request(key, NOW, fake_site.tables)
