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
from tests.faults.letter_scenes import LETTER_KEY, confirmation, letter_is_queued_again
from tests.faults.scenes import KEY, PETITION, SIX_MINUTES, Scene, _schedule, counted_right, run
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail
from tests.faults.target_scenes import STAFF, TARGET
from tests.faults.update_scenes import bounce, deliver
from tests.letters.lettering import TARGET as OFFICE, a_petition_with_a_letter, confirmed_with_a_letter
from tests.served import Served, stream_event

BOB = "bob@charity.example"
LAST_NIGHT = NOW - timedelta(hours=12)
TODAY = DigestIds(PETITION.slug, TARGET, NOW.date())
A_TEST = letter_delivery(PETITION.slug, TARGET, f"{STAFF_TEST_PREFIX}01")


def _letter(served: Served, first: int = 0, **changes: Any) -> None:
    delivery = {"mode": "digest", "first": first}
    confirmed_with_a_letter(
        served, a_petition_with_a_letter(served, targets=[{**OFFICE, "delivery": delivery} | changes])
    )


def _request(served: Served, request: Any) -> None:
    served.mail_request = request  # type: ignore[attr-defined]


def counted(served: Served) -> LetterNumbers:
    return total(letter_counts(PETITION.slug, served.tables).get(TARGET, {}).values())


def a_letter_for_a_digest(served: Served) -> None:
    _letter(served)
    _request(served, LETTERS.request(LETTER_KEY, NOW, served.tables))


def a_first_letter(served: Served) -> None:
    _letter(served, first=1)
    _request(served, LETTERS.request(LETTER_KEY, NOW, served.tables))


def a_gathered_letter(served: Served) -> None:
    _letter(served)
    request = LETTERS.request(LETTER_KEY, LAST_NIGHT, served.tables)
    record_digests(PETITION.slug, TARGET, served.tables)
    assert gather(letter_ids(LETTER_KEY), request, "none", True, LAST_NIGHT, served.tables) == TODAY


def alice_withdraws(served: Served) -> None:
    a_gathered_letter(served)
    served.before = item_of(served.tables, PETITION, KEY.sk)  # type: ignore[attr-defined]
    withdraw(KEY, PETITION, NOW, served.tables)


def withdrawal(served: Served) -> dict[str, Any]:
    return stream_event([("1", served.before, item_of(served.tables, PETITION, KEY.sk))])  # type: ignore[attr-defined]


def a_digest(served: Served) -> None:
    a_gathered_letter(served)
    close(TODAY, NOW, served.tables)
    _request(served, DIGESTS.request(TODAY.delivery, NOW, served.tables))


def a_sent_digest(served: Served) -> None:
    a_digest(served)
    DIGESTS.mark_sent(served.mail_request, NOW, served.tables)  # type: ignore[attr-defined]


def alice_withdraws_while_it_is_sent(served: Served) -> None:
    alice_withdraws(served)
    assert seal(TODAY, NOW, served.tables)


def a_digest_that_alice_left_late(served: Served) -> None:
    """SES accepted no email then."""
    a_digest(served)
    assert seal(TODAY, NOW, served.tables)
    withdraw(KEY, PETITION, NOW, served.tables)
    remove_letter(LETTER_KEY, letter_ids(LETTER_KEY), "none", NOW, served.tables)


def a_digest_to_a_paused_target(served: Served) -> None:
    """It was sealed by an attempt that crashed."""
    a_digest(served)
    assert seal(TODAY, NOW, served.tables)
    pause(PETITION.slug, TARGET, "staff", NOW, served.tables)


def waits_unsealed(served: Served) -> None:
    assert "sealed_at" not in served.tables.items[TODAY.key]
    assert counted(served) == LetterNumbers(requested=1)


def an_old_digest(served: Served) -> None:
    a_digest(served)
    served.clock.forward(2 * LOST_AFTER_IF_QUIET)


def a_target_in_test_mode(served: Served) -> None:
    _letter(served, test_to=BOB)


def a_test_of_a_person(served: Served) -> None:
    a_target_in_test_mode(served)
    _request(served, TESTS.request(LETTER_KEY, NOW, served.tables))


def a_test_of_staff(served: Served) -> None:
    a_petition_with_a_letter(served)
    store_test_address(letter_ids(A_TEST), BOB, served.tables)
    _request(served, TESTS.request(A_TEST, NOW, served.tables))


def bob_and_a_letter(served: Served) -> None:
    bob_may_all(served)
    a_petition_with_a_letter(served)


def is_gathered_once(served: Served) -> None:
    found = find_digest(TODAY._replace(day=(NOW + DAY).date()), served.tables)
    assert found is not None
    assert found.letters == 1
    assert counted(served).waiting == 1


def is_sent_once(served: Served) -> None:
    assert len(served.mailer.mails) <= 1
    numbers = counted(served)
    assert (numbers.requested, numbers.waiting) == (1, 0)


def is_taken_out(served: Served) -> None:
    found = find_digest(TODAY, served.tables)
    assert found is not None
    assert found.letters == 0
    assert counted(served) == LetterNumbers(requested=1, dropped=1)


def is_noted_as_late(served: Served) -> None:
    assert served.tables.items[TODAY.key]["late"] == {f"{KEY.sk} none"}
    assert counted(served).waiting == 1


def digest_is_requested_once(served: Served) -> None:
    assert {message["key"] for message in served.other_queue.messages} == {TODAY.delivery}
    assert served.tables.items[TODAY.key]["requested_at"]
    assert served.tables.items[DIGESTS.item_key(TODAY.delivery)]["mails"] == 0


def is_failed_and_paused(served: Served) -> None:
    assert counted(served) == LetterNumbers(requested=1, failed=1)
    assert target_state(PETITION.slug, TARGET, served.tables).is_paused


def a_test_is_requested(served: Served) -> None:
    assert {message["kind"] for message in served.other_queue.messages} == {"letter-test"}
    assert counted(served) == LetterNumbers()


def went_to_bob(served: Served) -> None:
    assert {mail.to for mail in served.mailer.mails} == {BOB}
    assert counted(served) == LetterNumbers()


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
