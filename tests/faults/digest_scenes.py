"""Scenes of digests and of test emails of letters. A letter in a digest has the outcome of its digest."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core.letter_keys import DigestIds, letter_delivery, letter_ids
from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import close, find_digest, gather, seal
from chalicelib.letters.digest_kind import DIGESTS
from chalicelib.letters.target_state import pause, record_digests, store_test_address, target_state
from chalicelib.letters.trial import STAFF_TEST_PREFIX, TESTS
from chalicelib.letters.withdrawn import remove_letter, slot_of
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, NOW, item_of
from tests.fake_site import FakeSite, stream_event
from tests.faults.letter_scenes import LETTER_KEY, TARGET_KEY, confirmation_event
from tests.faults.mail_scenes import assert_request_is_queued_again, bounce_email, checks, sends, sweeps
from tests.faults.scenes import KEY, PETITION, Scene, assert_exact_counts, run
from tests.letters.lettering import TARGET, a_petition_with_a_letter, confirmed_with_a_letter

LAST_NIGHT = NOW - timedelta(hours=12)
TODAYS_DIGEST = DigestIds(PETITION.slug, TARGET_KEY, NOW.date())


def store_letter(fake_site: FakeSite, first: int = 0, **changes: Any) -> None:
    target = {**TARGET, "delivery": {"mode": "digest", "first": first}, **changes}
    petition = a_petition_with_a_letter(fake_site, targets=[target])
    confirmed_with_a_letter(fake_site, petition)


def letter_numbers(fake_site: FakeSite) -> LetterNumbers:
    counts = letter_counts(PETITION.slug, fake_site.tables)
    return total(counts.get(TARGET_KEY, {}).values())


def with_a_letter_for_a_digest(fake_site: FakeSite) -> None:
    store_letter(fake_site)
    fake_site.scene_state.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables)


def with_a_first_letter(fake_site: FakeSite) -> None:
    store_letter(fake_site, first=1)
    fake_site.scene_state.mail_request = LETTERS.request(LETTER_KEY, NOW, fake_site.tables)


def with_a_gathered_letter(fake_site: FakeSite) -> None:
    store_letter(fake_site)
    request = LETTERS.request(LETTER_KEY, LAST_NIGHT, fake_site.tables)
    record_digests(PETITION.slug, TARGET_KEY, fake_site.tables)
    assert gather(letter_ids(LETTER_KEY), request, "none", True, LAST_NIGHT, fake_site.tables) == TODAYS_DIGEST


def with_a_withdrawal_before_the_digest(fake_site: FakeSite) -> None:
    with_a_gathered_letter(fake_site)
    fake_site.scene_state.signature_before = item_of(fake_site.tables, PETITION, KEY.sk)
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def withdrawal_event(fake_site: FakeSite) -> dict[str, Any]:
    after = item_of(fake_site.tables, PETITION, KEY.sk)
    return stream_event([("1", fake_site.scene_state.signature_before, after)])


def with_a_digest(fake_site: FakeSite) -> None:
    with_a_gathered_letter(fake_site)
    close(TODAYS_DIGEST, NOW, fake_site.tables)
    fake_site.scene_state.mail_request = DIGESTS.request(TODAYS_DIGEST.delivery, NOW, fake_site.tables)


def with_a_sent_digest(fake_site: FakeSite) -> None:
    with_a_digest(fake_site)
    DIGESTS.mark_sent(fake_site.scene_state.mail_request, NOW, fake_site.tables)


def with_a_withdrawal_while_the_digest_is_sent(fake_site: FakeSite) -> None:
    with_a_withdrawal_before_the_digest(fake_site)
    assert seal(TODAYS_DIGEST, NOW, fake_site.tables)


def with_a_withdrawal_after_the_digest(fake_site: FakeSite) -> None:
    with_a_sent_digest(fake_site)
    fake_site.scene_state.signature_before = item_of(fake_site.tables, PETITION, KEY.sk)
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def assert_area_is_forgotten(fake_site: FakeSite) -> None:
    assert "digest_area" not in fake_site.tables.items[LETTERS.item_key(LETTER_KEY)]
    assert letter_numbers(fake_site) == LetterNumbers(requested=1, sent=1)


def with_a_digest_that_alice_left_late(fake_site: FakeSite) -> None:
    """Alice withdrew after the digest was sealed. SES has not accepted the digest yet."""
    with_a_digest(fake_site)
    assert seal(TODAYS_DIGEST, NOW, fake_site.tables)
    withdraw(KEY, PETITION, NOW, fake_site.tables)
    remove_letter(LETTER_KEY, NOW, fake_site.tables)


def with_a_digest_to_a_paused_target(fake_site: FakeSite) -> None:
    """An attempt that crashed has sealed the digest."""
    with_a_digest(fake_site)
    assert seal(TODAYS_DIGEST, NOW, fake_site.tables)
    pause(PETITION.slug, TARGET_KEY, "staff", NOW, fake_site.tables)


def assert_digest_waits_unsealed(fake_site: FakeSite) -> None:
    assert "sealed_at" not in fake_site.tables.items[TODAYS_DIGEST.key]
    assert letter_numbers(fake_site) == LetterNumbers(requested=1)


def with_an_old_digest(fake_site: FakeSite) -> None:
    with_a_digest(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_NO_BACKLOG)


def assert_letter_is_gathered_once(fake_site: FakeSite) -> None:
    tomorrow = (NOW + DAY).date()
    tomorrows = find_digest(TODAYS_DIGEST._replace(day=tomorrow), fake_site.tables)
    assert tomorrows is not None
    assert tomorrows.letters == 1
    assert letter_numbers(fake_site).waiting == 1


def assert_letter_is_sent_once(fake_site: FakeSite) -> None:
    assert len(fake_site.mailer.mails) <= 1
    numbers = letter_numbers(fake_site)
    assert (numbers.requested, numbers.waiting) == (1, 0)


def assert_letter_is_taken_out(fake_site: FakeSite) -> None:
    digest = find_digest(TODAYS_DIGEST, fake_site.tables)
    assert digest is not None
    assert digest.letters == 0
    assert letter_numbers(fake_site) == LetterNumbers(requested=1, dropped=1)


def assert_letter_waits_again(fake_site: FakeSite) -> None:
    assert fake_site.tables.items[TODAYS_DIGEST.key]["letters"] == 0
    assert letter_numbers(fake_site) == LetterNumbers(requested=1)


def assert_withdrawal_is_noted_as_late(fake_site: FakeSite) -> None:
    assert fake_site.tables.items[TODAYS_DIGEST.key]["late"] == {f"{KEY.sk} {slot_of(KEY.sk, has_own_words=True)} none"}
    assert letter_numbers(fake_site).waiting == 1


def assert_digest_is_requested_once(fake_site: FakeSite) -> None:
    assert {message["key"] for message in fake_site.other_queue.messages} == {TODAYS_DIGEST.delivery}
    assert fake_site.tables.items[TODAYS_DIGEST.key]["requested_at"]
    assert fake_site.tables.items[DIGESTS.item_key(TODAYS_DIGEST.delivery)]["mails"] == 0


def assert_letter_failed_and_target_is_paused(fake_site: FakeSite) -> None:
    assert letter_numbers(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET_KEY, fake_site.tables).is_paused


BOBS_EMAIL = "bob@charity.example"
TEST_KEY = letter_delivery(PETITION.slug, TARGET_KEY, f"{STAFF_TEST_PREFIX}01")


def with_a_target_in_test_mode(fake_site: FakeSite) -> None:
    store_letter(fake_site, test_to=BOBS_EMAIL)


def with_a_test_of_alices_letter(fake_site: FakeSite) -> None:
    with_a_target_in_test_mode(fake_site)
    fake_site.scene_state.mail_request = TESTS.request(LETTER_KEY, NOW, fake_site.tables)


def with_a_test_requested_by_staff(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    store_test_address(letter_ids(TEST_KEY), BOBS_EMAIL, fake_site.tables)
    fake_site.scene_state.mail_request = TESTS.request(TEST_KEY, NOW, fake_site.tables)


def assert_test_is_requested(fake_site: FakeSite) -> None:
    assert {message["kind"] for message in fake_site.other_queue.messages} == {"letter-test"}
    assert letter_numbers(fake_site) == LetterNumbers()


def assert_email_went_to_bob(fake_site: FakeSite) -> None:
    assert {mail.to for mail in fake_site.mailer.mails} == {BOBS_EMAIL}
    assert not target_state(PETITION.slug, TARGET_KEY, fake_site.tables).tests
    assert letter_numbers(fake_site) == LetterNumbers()


SCENES = [
    sends(with_a_letter_for_a_digest, assert_letter_is_gathered_once, mails=0),
    sends(with_a_first_letter, assert_letter_is_sent_once),
    sends(with_a_digest, assert_letter_is_sent_once),
    sends(with_a_digest_to_a_paused_target, assert_digest_waits_unsealed, mails=0),
    checks("digests", with_a_gathered_letter, assert_digest_is_requested_once),
    Scene("relay_mail", with_a_withdrawal_before_the_digest, partial(run, "relay_mail", withdrawal_event),
          assert_letter_is_taken_out),
    Scene("relay_mail", with_a_withdrawal_while_the_digest_is_sent, partial(run, "relay_mail", withdrawal_event),
          assert_withdrawal_is_noted_as_late),
    Scene("relay_mail", with_a_withdrawal_after_the_digest, partial(run, "relay_mail", withdrawal_event),
          assert_area_is_forgotten),
    sends(with_a_digest_that_alice_left_late, assert_letter_waits_again, mails=0),
    Scene("receive_feedback", with_a_sent_digest, bounce_email, assert_letter_failed_and_target_is_paused),
    sweeps(with_an_old_digest, assert_request_is_queued_again),
    Scene("relay_mail", with_a_target_in_test_mode, partial(run, "relay_mail", confirmation_event),
          assert_test_is_requested),
    Scene("receive_feedback", with_a_test_requested_by_staff, bounce_email, assert_exact_counts),
    sends(with_a_test_of_alices_letter, assert_email_went_to_bob),
    sends(with_a_test_requested_by_staff, assert_email_went_to_bob),
]  # fmt: skip
