"""People who withdraw while a digest is sent, and digests that are sealed again, or left unsealed by a crash."""

from collections.abc import Callable

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change, Tables
from chalicelib.core.errors import Conflicted, SendingStopped, Unavailable
from chalicelib.core.letter_keys import DigestIds, letter_delivery
from chalicelib.letters import digest_kind, withdrawn
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import seal, unseal
from chalicelib.letters.withdrawn import GatheredLetter, remove_letter
from chalicelib.mail.kind import Outbox
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sending import PAUSE
from chalicelib.mail.sweep import BACKLOG_DEPTH
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, MINUTE, item_of, key_of
from tests.fake_site import FakeSite, stream_event
from tests.letters.lettering import PENDING, confirmed_with_a_letter, relay, send_all, sweep_and_send_all
from tests.letters.test_counts import TARGET, numbers
from tests.letters.test_digests import (
    TOMORROW,
    a_petition_with_digests,
    close_and_request_digest,
    send_digests,
    send_digests_at_seven,
    send_letters,
    withdraw_people,
)

OWN_WORDS = "I was a guardian."


def a_digest_with_alices_letter(fake_site: FakeSite, petition: Petition) -> str:
    """Gather Alice's letter and those of two more people. Return the id of Alice's signature."""
    alice = confirmed_with_a_letter(fake_site, petition, body=OWN_WORDS)
    relay(fake_site, PENDING, item_of(fake_site.tables, petition, alice))
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
