"""Digests: a target gets the first letters singly, and the others in one email a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change, Tables
from chalicelib.core.errors import Conflicted, MailRefused, SendingStopped, Unavailable
from chalicelib.core.letter_keys import DigestIds, letter_delivery
from chalicelib.letters import digest_kind, withdrawn
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import next_digest_day, seal, unseal
from chalicelib.letters.target_state import pause, target_state
from chalicelib.letters.withdrawn import GatheredLetter, remove_letter
from chalicelib.mail.kind import Outbox
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sending import PAUSE
from chalicelib.mail.sweep import BACKLOG_DEPTH
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, MINUTE, NOW, Person, a_published_petition, change_item, item_of, key_of
from tests.fake_site import FakeSite, stream_event
from tests.letters.lettering import (
    HOME_SECRETARY,
    PENDING,
    TARGET as OFFICE,
    a_petition_with_a_letter,
    confirmed_with_a_letter,
    relay,
    request_letter,
    send_all,
    sweep_and_send_all,
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
        identities.append(request_letter(fake_site, petition, person, **letter))
    send_all(fake_site)
    return identities


def send_digests_at_seven(fake_site: FakeSite) -> None:
    fake_site.clock.forward(UNTIL_SEVEN)
    send_digests(fake_site)


def send_digests(fake_site: FakeSite) -> None:
    fake_site.invoke("check_mail", {"task": "digests"})
    send_all(fake_site)


def test_the_first_letters_go_singly_and_the_others_in_one_email_at_seven(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site, first=2)
    send_letters(fake_site, petition, 5)
    fake_site.clock.forward(UNTIL_SEVEN - timedelta(seconds=1))
    send_digests(fake_site)
    assert len(fake_site.mailer.mails) == 2
    fake_site.clock.forward(timedelta(seconds=1))
    send_digests(fake_site)
    digest = fake_site.mailer.mails[-1]
    assert (digest.to, digest.subject) == (HOME_SECRETARY, f"3 letters about: {petition.title}")
    assert "Since our last email, 3 people have written to you with Harbour for Children." in digest.text
    assert numbers(fake_site) == LetterNumbers(requested=5, sent=5)


def test_there_is_one_email_a_day_however_often_the_function_runs_and_none_without_letters(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    send_letters(fake_site, petition, 2)
    send_digests_at_seven(fake_site)
    send_letters(fake_site, petition, 3)
    for _ in range(4 * 24):
        fake_site.clock.forward(HOUR)
        send_digests(fake_site)
    assert [mail.subject[:1] for mail in fake_site.mailer.mails] == ["2", "3"]


def test_the_digest_shows_letters_in_peoples_own_words_and_the_addresses_of_those_who_agreed(
    fake_site: FakeSite,
) -> None:
    petition = a_petition_with_digests(fake_site)
    [ann] = send_letters(fake_site, petition, 1, body="I was a guardian.", reply=True)
    [ben] = send_letters(fake_site, petition, 1, body="Please act now.")
    send_digests_at_seven(fake_site)
    [mail] = fake_site.mailer.mails
    anns_address, bens_address = (item_of(fake_site.tables, petition, identity)["email"] for identity in (ann, ben))
    for part in (mail.text, mail.html):
        assert [text in part for text in ("I was a guardian.", "Please act now.")] == [True, True]
        assert [address in part for address in (anns_address, bens_address)] == [True, False]


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


@pytest.mark.parametrize("is_paused", [False, True])
def test_gathered_letters_are_dropped_when_staff_remove_the_letter(fake_site: FakeSite, is_paused: bool) -> None:
    send_letters(fake_site, a_petition_with_digests(fake_site), 3)
    if is_paused:
        pause("safe-children", TARGET, "staff", NOW, fake_site.tables)
    a_published_petition(fake_site.tables)
    send_digests_at_seven(fake_site)
    assert fake_site.mailer.mails == []
    assert numbers(fake_site) == LetterNumbers(requested=3, dropped=3)


@pytest.mark.parametrize(
    ("refusals", "feedback", "why"),
    [
        ([MailRefused()], None, "refused"),
        ([], {"bounceType": "Permanent"}, "bounced"),
        ([], REJECTION, "rejected"),
    ],
)
def test_a_digest_that_does_not_arrive_is_failed_and_pauses_the_target(
    fake_site: FakeSite, refusals: list[Exception], feedback: dict[str, str] | None, why: str
) -> None:
    send_letters(fake_site, a_petition_with_digests(fake_site), 3)
    fake_site.mailer.failures = refusals
    send_digests_at_seven(fake_site)
    if feedback:
        bounce(fake_site, details=feedback)
    assert numbers(fake_site) == LetterNumbers(requested=3, failed=3)
    assert target_state("safe-children", TARGET, fake_site.tables).paused_why == why


def test_the_day_of_a_digest_ends_at_seven_in_london_in_summer_too() -> None:
    assert next_digest_day(NOW.replace(month=7, hour=5, minute=59)).day == NOW.day
    assert next_digest_day(NOW.replace(month=7, hour=6)).day == NOW.day + 1


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


@pytest.mark.parametrize(("withdraw", "subjects"), [(1, ["2 letters"]), (3, [])])
def test_who_withdraws_between_closing_and_sending_is_neither_counted_nor_shown(
    fake_site: FakeSite, withdraw: int, subjects: list[str]
) -> None:
    petition = a_petition_with_digests(fake_site)
    [ann] = send_letters(fake_site, petition, 1, body="I was a guardian.")
    others = send_letters(fake_site, petition, 2)
    close_and_request_digest(fake_site)
    withdraw_people(fake_site, petition, *[ann, *others][:withdraw])
    send_all(fake_site)
    assert [mail.subject[:9] for mail in fake_site.mailer.mails] == subjects
    assert not [mail for mail in fake_site.mailer.mails if "I was a guardian." in mail.text]
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=3 - withdraw, dropped=withdraw)


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


OWN_WORDS = "I was a guardian."


def a_digest_with_alices_letter(fake_site: FakeSite, petition: Petition) -> str:
    """Gather Alice's letter and those of two more people. Return the id of Alice's signature."""
    alice = request_letter(fake_site, petition, body=OWN_WORDS)
    send_letters(fake_site, petition, 2)
    close_and_request_digest(fake_site)
    return alice


def fail_once_while(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let the attempt to send the digest fail. Call `act` during the attempt, while the digest is sealed."""
    send = fake_site.mailer.send

    def fail(mail: Mail) -> str:
        monkeypatch.setattr(fake_site.mailer, "send", send)
        act()
        raise SendingStopped("mail")

    monkeypatch.setattr(fake_site.mailer, "send", fail)
    send_all(fake_site)
    fake_site.clock.forward(PAUSE + CLAIM)


def confirm_again(fake_site: FakeSite, petition: Petition, alice: str) -> None:
    confirmed_with_a_letter(fake_site, petition, body=OWN_WORDS)
    relay(fake_site, {**PENDING, "sk": alice}, item_of(fake_site.tables, petition, alice))


def test_a_person_who_confirms_again_is_counted_and_shown_in_the_next_digest_only(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)

    def change_her_mind() -> None:
        withdraw_people(fake_site, petition, alice)
        confirm_again(fake_site, petition, alice)

    fail_once_while(fake_site, monkeypatch, change_her_mind)
    send_all(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=2)
    sweep_and_send_all(fake_site)
    fake_site.clock.forward(DAY)
    send_digests(fake_site)
    assert [(mail.subject[:1], OWN_WORDS in mail.text) for mail in fake_site.mailer.mails] == [
        ("2", False),
        ("1", True),
    ]
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=3)


def test_the_letter_of_a_person_who_confirms_again_waits_for_the_next_sweep_only_even_if_many_emails_wait(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)
    fail_once_while(fake_site, monkeypatch, lambda: withdraw_people(fake_site, petition, alice))
    confirm_again(fake_site, petition, alice)
    fake_site.invoke("check_mail", {"task": "sweep"})  # Without open requests, the next walk would be due in an hour.
    send_all(fake_site)
    monkeypatch.setattr(Outbox, "depth", lambda _: BACKLOG_DEPTH + 1)
    fake_site.clock.forward(15 * MINUTE)
    fake_site.invoke("check_mail", {"task": "sweep"})
    assert len(fake_site.other_queue.messages) == 1


def test_the_area_of_a_person_who_withdraws_after_the_digest_was_sent_is_forgotten(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)
    send_all(fake_site)
    item = fake_site.tables.items[LETTERS.item_key(letter_delivery(petition.slug, TARGET, alice))]
    assert item["digest_area"]
    withdraw_people(fake_site, petition, alice)
    item = fake_site.tables.items[LETTERS.item_key(letter_delivery(petition.slug, TARGET, alice))]
    assert item.keys() & {"digest", "digest_area", "digest_slot"} == {"digest"}
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=3)


def test_a_withdrawal_and_a_new_confirmation_in_one_batch_keep_the_letter(fake_site: FakeSite) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = confirmed_with_a_letter(fake_site, petition)
    confirmed_item = item_of(fake_site.tables, petition, alice)
    relay(fake_site, PENDING, confirmed_item)
    send_all(fake_site)
    withdraw(key_of(petition, alice), petition, fake_site.clock(), fake_site.tables)
    withdrawn_item = item_of(fake_site.tables, petition, alice)
    confirmed_with_a_letter(fake_site, petition)
    confirmed_again_item = item_of(fake_site.tables, petition, alice)
    pending_item = {**confirmed_again_item, "state": "pending"}
    changes = [(confirmed_item, withdrawn_item), (withdrawn_item, pending_item), (pending_item, confirmed_again_item)]
    fake_site.invoke("relay_mail", stream_event([("MODIFY", *change) for change in changes]))
    send_all(fake_site)
    send_digests_at_seven(fake_site)
    assert len(fake_site.mailer.mails) == 1
    assert numbers(fake_site) == LetterNumbers(requested=1, sent=1)


def test_a_withdrawal_is_tried_again_if_the_digest_is_sealed_again_meanwhile(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)
    forget_area = withdrawn._forget_area

    def forget_while_unsealed(letter: GatheredLetter, digest_change: Change, tables: Tables) -> bool:
        unseal(TOMORROW, tables)
        has_forgotten = forget_area(letter, digest_change, tables)
        seal(TOMORROW, fake_site.clock(), tables)
        return has_forgotten

    seal(TOMORROW, fake_site.clock(), fake_site.tables)
    with monkeypatch.context() as patch:
        patch.setattr(withdrawn, "_forget_area", forget_while_unsealed)
        with pytest.raises(Conflicted):
            remove_letter(letter_delivery(petition.slug, TARGET, alice), fake_site.clock(), fake_site.tables)
    withdraw_people(fake_site, petition, alice)
    digest = seal(TOMORROW, fake_site.clock(), fake_site.tables)
    assert digest
    assert digest.letters == 2


def test_a_digest_that_a_crash_left_unsealed_keeps_its_letters_when_it_counts_as_unknown(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)

    def unseal_and_crash(ids: DigestIds, tables: Tables) -> None:
        unseal(ids, tables)
        raise Unavailable("storage")  # So the claim is not released.

    fake_site.mailer.failures = [SendingStopped("mail")]
    with monkeypatch.context() as patch:
        patch.setattr(digest_kind, "unseal", unseal_and_crash)
        send_all(fake_site)
    fake_site.clock.forward(PAUSE + CLAIM)
    send_all(fake_site)
    withdraw_people(fake_site, petition, alice)
    assert numbers(fake_site) == LetterNumbers(requested=3, unknown=3)
