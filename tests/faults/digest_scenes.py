"""Scenes of digests and of tests of letters. A letter in a digest has the outcome of its digest."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core.letter_keys import letter_delivery, letter_ids
from chalicelib.core.target_keys import DigestIds
from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import close, find_digest, gather, remove_letter, seal
from chalicelib.letters.digest_kind import DIGESTS
from chalicelib.letters.target_state import pause, record_digests, store_test_address, target_state
from chalicelib.letters.trial import STAFF_TEST_PREFIX, TESTS
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, NOW, item_of
from tests.fake_site import FakeSite, stream_event
from tests.faults.letter_scenes import LETTER_KEY, confirmation, letter_is_queued_again
from tests.faults.scenes import KEY, PETITION, SIX_MINUTES, Scene, _schedule, counted_right, run
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail
from tests.faults.target_scenes import STAFF, TARGET
from tests.faults.update_scenes import bounce, deliver
from tests.letters.lettering import TARGET as OFFICE, a_petition_with_a_letter, confirmed_with_a_letter

BOB = "bob@charity.example"
LAST_NIGHT = NOW - timedelta(hours=12)
TODAY = DigestIds(PETITION.slug, TARGET, NOW.date())
A_TEST = letter_delivery(PETITION.slug, TARGET, f"{STAFF_TEST_PREFIX}01")


def _letter(fake_site: FakeSite, first: int = 0, **changes: Any) -> None:
    delivery = {"mode": "digest", "first": first}
    confirmed_with_a_letter(
        fake_site, a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "delivery": delivery} | changes])
    )


def _request(fake_site: FakeSite, request: Any) -> None:
    fake_site.mail_request = request  # type: ignore[attr-defined]


def counted(fake_site: FakeSite) -> LetterNumbers:
    return total(letter_counts(PETITION.slug, fake_site.tables).get(TARGET, {}).values())


def a_letter_for_a_digest(fake_site: FakeSite) -> None:
    _letter(fake_site)
    _request(fake_site, LETTERS.request(LETTER_KEY, NOW, fake_site.tables))


def a_first_letter(fake_site: FakeSite) -> None:
    _letter(fake_site, first=1)
    _request(fake_site, LETTERS.request(LETTER_KEY, NOW, fake_site.tables))


def a_gathered_letter(fake_site: FakeSite) -> None:
    _letter(fake_site)
    request = LETTERS.request(LETTER_KEY, LAST_NIGHT, fake_site.tables)
    record_digests(PETITION.slug, TARGET, fake_site.tables)
    assert gather(letter_ids(LETTER_KEY), request, "none", True, LAST_NIGHT, fake_site.tables) == TODAY


def alice_withdraws(fake_site: FakeSite) -> None:
    a_gathered_letter(fake_site)
    fake_site.before = item_of(fake_site.tables, PETITION, KEY.sk)  # type: ignore[attr-defined]
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def withdrawal(fake_site: FakeSite) -> dict[str, Any]:
    return stream_event([("1", fake_site.before, item_of(fake_site.tables, PETITION, KEY.sk))])  # type: ignore[attr-defined]


def a_digest(fake_site: FakeSite) -> None:
    a_gathered_letter(fake_site)
    close(TODAY, NOW, fake_site.tables)
    _request(fake_site, DIGESTS.request(TODAY.delivery, NOW, fake_site.tables))


def a_sent_digest(fake_site: FakeSite) -> None:
    a_digest(fake_site)
    DIGESTS.mark_sent(fake_site.mail_request, NOW, fake_site.tables)  # type: ignore[attr-defined]


def alice_withdraws_while_it_is_sent(fake_site: FakeSite) -> None:
    alice_withdraws(fake_site)
    assert seal(TODAY, NOW, fake_site.tables)


def a_digest_that_alice_left_late(fake_site: FakeSite) -> None:
    """SES accepted no email then."""
    a_digest(fake_site)
    assert seal(TODAY, NOW, fake_site.tables)
    withdraw(KEY, PETITION, NOW, fake_site.tables)
    remove_letter(LETTER_KEY, letter_ids(LETTER_KEY), "none", NOW, fake_site.tables)


def a_digest_to_a_paused_target(fake_site: FakeSite) -> None:
    """It was sealed by an attempt that crashed."""
    a_digest(fake_site)
    assert seal(TODAY, NOW, fake_site.tables)
    pause(PETITION.slug, TARGET, "staff", NOW, fake_site.tables)


def waits_unsealed(fake_site: FakeSite) -> None:
    assert "sealed_at" not in fake_site.tables.items[TODAY.key]
    assert counted(fake_site) == LetterNumbers(requested=1)


def an_old_digest(fake_site: FakeSite) -> None:
    a_digest(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_QUIET)


def a_target_in_test_mode(fake_site: FakeSite) -> None:
    _letter(fake_site, test_to=BOB)


def a_test_of_a_person(fake_site: FakeSite) -> None:
    a_target_in_test_mode(fake_site)
    _request(fake_site, TESTS.request(LETTER_KEY, NOW, fake_site.tables))


def a_test_of_staff(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    store_test_address(letter_ids(A_TEST), BOB, fake_site.tables)
    _request(fake_site, TESTS.request(A_TEST, NOW, fake_site.tables))


def bob_and_a_letter(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    a_petition_with_a_letter(fake_site)


def is_gathered_once(fake_site: FakeSite) -> None:
    found = find_digest(TODAY._replace(day=(NOW + DAY).date()), fake_site.tables)
    assert found is not None
    assert found.letters == 1
    assert counted(fake_site).waiting == 1


def is_sent_once(fake_site: FakeSite) -> None:
    assert len(fake_site.mailer.mails) <= 1
    numbers = counted(fake_site)
    assert (numbers.requested, numbers.waiting) == (1, 0)


def is_taken_out(fake_site: FakeSite) -> None:
    found = find_digest(TODAY, fake_site.tables)
    assert found is not None
    assert found.letters == 0
    assert counted(fake_site) == LetterNumbers(requested=1, dropped=1)


def is_noted_as_late(fake_site: FakeSite) -> None:
    assert fake_site.tables.items[TODAY.key]["late"] == {f"{KEY.sk} none"}
    assert counted(fake_site).waiting == 1


def digest_is_requested_once(fake_site: FakeSite) -> None:
    assert {message["key"] for message in fake_site.other_queue.messages} == {TODAY.delivery}
    assert fake_site.tables.items[TODAY.key]["requested_at"]
    assert fake_site.tables.items[DIGESTS.item_key(TODAY.delivery)]["mails"] == 0


def is_failed_and_paused(fake_site: FakeSite) -> None:
    assert counted(fake_site) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET, fake_site.tables).is_paused


def a_test_is_requested(fake_site: FakeSite) -> None:
    assert {message["kind"] for message in fake_site.other_queue.messages} == {"letter-test"}
    assert counted(fake_site) == LetterNumbers()


def went_to_bob(fake_site: FakeSite) -> None:
    assert {mail.to for mail in fake_site.mailer.mails} == {BOB}
    assert counted(fake_site) == LetterNumbers()


DIGEST_SCENES = [
    Scene("send_other_mail", a_letter_for_a_digest, deliver, is_gathered_once, SIX_MINUTES, sends=False),
    Scene("send_other_mail", a_first_letter, deliver, is_sent_once, SIX_MINUTES),
    Scene("send_other_mail", a_digest, deliver, is_sent_once, SIX_MINUTES),
    Scene("send_other_mail", a_digest_to_a_paused_target, deliver, waits_unsealed, SIX_MINUTES, sends=False),
    Scene("send_letter_digests", a_gathered_letter, partial(run, "send_letter_digests", _schedule),
          digest_is_requested_once, sends=False),
    Scene("relay_mail", alice_withdraws, partial(run, "relay_mail", withdrawal), is_taken_out),
    Scene("relay_mail", alice_withdraws_while_it_is_sent, partial(run, "relay_mail", withdrawal), is_noted_as_late),
    Scene("send_other_mail", a_digest_that_alice_left_late, deliver, is_taken_out, SIX_MINUTES, sends=False),
    Scene("relay_mail", a_target_in_test_mode, partial(run, "relay_mail", confirmation), a_test_is_requested),
    Scene("receive_feedback", a_sent_digest, bounce, is_failed_and_paused),
    Scene("receive_feedback", a_test_of_staff, bounce, counted_right),
    Scene("sweep_mail", an_old_digest, partial(run, "sweep_mail", _schedule), letter_is_queued_again),
    Scene("send_other_mail", a_test_of_a_person, deliver, went_to_bob, SIX_MINUTES),
    Scene("send_other_mail", a_test_of_staff, deliver, went_to_bob, SIX_MINUTES),
    Scene("email_letter_test", bob_and_a_letter,
          partial(call, "POST", f"{STAFF}/{TARGET}/test", 202, {"email": BOB}),
          partial(is_in_the_trail, "letters.tested")),
]  # fmt: skip
