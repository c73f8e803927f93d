"""Scenes of test emails of letters. They go to staff, and are not counted."""

from functools import partial

from chalicelib.core.letter_keys import letter_delivery, letter_ids
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.target_state import store_test_address, target_state
from chalicelib.letters.trial import STAFF_TEST_PREFIX, TESTS
from tests.actors import NOW
from tests.fake_site import FakeSite
from tests.faults.digest_scenes import letter_numbers, store_letter
from tests.faults.letter_scenes import LETTER_KEY, confirmation_event
from tests.faults.scenes import PETITION, SIX_MINUTES, Scene, assert_exact_counts, run
from tests.faults.target_scenes import TARGET_KEY
from tests.faults.update_scenes import bounce_email, deliver_request
from tests.letters.lettering import a_petition_with_a_letter

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


LETTER_TEST_SCENES = [
    Scene("relay_mail", with_a_target_in_test_mode, partial(run, "relay_mail", confirmation_event),
          assert_test_is_requested),
    Scene("receive_feedback", with_a_test_requested_by_staff, bounce_email, assert_exact_counts),
    Scene("send_other_mail", with_a_test_of_alices_letter, deliver_request, assert_email_went_to_bob, SIX_MINUTES),
    Scene("send_other_mail", with_a_test_requested_by_staff, deliver_request, assert_email_went_to_bob, SIX_MINUTES),
]  # fmt: skip
