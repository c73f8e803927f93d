"""Letters and their numbers, on the fake and on the emulator: each change happens once, and is counted once."""

from collections.abc import Mapping
from datetime import timedelta

from chalicelib.aws.table import Tables
from chalicelib.core.letter_keys import DigestIds, letter_delivery, letter_ids
from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import (
    DigestContents,
    close,
    find_digest,
    gather,
    seal,
    unrequested_digests,
    unseal,
)
from chalicelib.letters.digest_kind import DIGESTS
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import note_rejection, pause, resume, target_state, target_states
from chalicelib.letters.withdrawn import remove_letter
from chalicelib.mail.model import MailRequest
from chalicelib.petitions.letter import Paced
from tests.actors import DAY, NOW, a_published_petition
from tests.stores.racing import at_once
from tests.stores.test_deliveries import LEASE, successes

SLUG, TARGET = "safe-children", "minister"


def letter_key(number: int) -> str:
    return letter_delivery(SLUG, TARGET, f"{number:032x}")


def letter_numbers(tables: Tables) -> LetterNumbers:
    counts = letter_counts(SLUG, tables)
    return total(counts.get(TARGET, {}).values())


def test_racing_workers_count_a_letter_once(tables: Tables) -> None:
    assert successes(lambda: LETTERS.request(letter_key(0), NOW, tables), 8) == 1
    request = LETTERS.request(letter_key(1), NOW, tables)
    LETTERS.claim(request, NOW, LEASE, tables)
    at_once(lambda _: LETTERS.mark_sent(request, NOW, tables), range(8))
    assert letter_numbers(tables) == LetterNumbers(requested=2, sent=1)
    for _ in range(2):
        LETTERS.mark_undeliverable(letter_key(1), "bounced", NOW + DAY, tables)
    assert letter_numbers(tables) == LetterNumbers(requested=2, failed=1)
    assert target_state(SLUG, TARGET, tables).paused_why == "bounced"


def test_one_of_many_workers_requests_a_dropped_letter_again(tables: Tables) -> None:
    a_published_petition(tables)
    request = LETTERS.request(letter_key(0), NOW, tables)
    LETTERS.drop(request, NOW, tables)
    assert successes(lambda: LETTERS.request(letter_key(0), NOW + DAY, tables), 8) == 1
    assert letter_numbers(tables) == LetterNumbers(requested=1)


def test_a_digest_gathers_each_letter_once_and_loses_the_letters_of_people_who_withdraw(
    tables: Tables,
) -> None:
    requests = [LETTERS.request(letter_key(number), NOW, tables) for number in range(6)]
    ids = DigestIds(SLUG, TARGET, (NOW + DAY).date())

    at_once(lambda each: gather(letter_ids(each.key), each, "SW", True, NOW, tables), requests[:4] * 2, threads=6)
    remove_letter(requests[0].key, NOW, tables)
    close(ids, NOW, tables)
    remove_letter(requests[1].key, NOW, tables)
    next_ids = gather(letter_ids(requests[4].key), requests[4], "SW", False, NOW, tables)
    assert next_ids == ids._replace(day=ids.day + DAY)
    found = find_digest(ids, tables)
    assert found is not None
    assert (found.letters, found.areas) == (2, {"SW": 2})
    assert [*unrequested_digests(SLUG, TARGET, tables)] == [ids, next_ids]
    digest_request = DIGESTS.request(ids.delivery, NOW, tables)
    DIGESTS.mark_sent(digest_request, NOW, tables)
    assert letter_numbers(tables) == LetterNumbers(requested=6, sent=2, dropped=2)


def test_letters_of_people_who_withdraw_leave_a_sealed_digest_before_the_next_attempt(
    tables: Tables,
) -> None:
    requests = [LETTERS.request(letter_key(number), NOW, tables) for number in range(4)]
    for request in requests:
        gather(letter_ids(request.key), request, "no postcode", False, NOW, tables)
    ids = DigestIds(SLUG, TARGET, (NOW + DAY).date())
    digest_request = DIGESTS.request(ids.delivery, NOW, tables)

    def withdraw(*letters: MailRequest) -> None:
        at_once(lambda letter: remove_letter(letter.key, NOW, tables), letters * 3, threads=6)

    def seal_and_count() -> tuple[int, Mapping[str, int]]:
        found = seal(ids, NOW, tables)
        assert found
        return found.letters, found.areas

    assert seal_and_count() == (4, {"no postcode": 4})
    withdraw(*requests[:2])
    assert find_digest(ids, tables) == DigestContents(ids, 4, {"no postcode": 4}, [])
    assert seal_and_count() == (2, {"no postcode": 2})
    unseal(ids, tables)
    withdraw(requests[2])
    assert seal_and_count() == (1, {"no postcode": 1})
    DIGESTS.mark_sent(digest_request, NOW, tables)
    withdraw(requests[3])
    assert letter_numbers(tables) == LetterNumbers(requested=4, sent=1, dropped=1)
    # The others wait for a sender, which drops them.
    for request in requests[:2]:
        assert LETTERS.claim(request, NOW, LEASE, tables)


def test_racing_senders_book_different_letter_turns(tables: Tables) -> None:
    pace = Paced(mode="paced", per_hour=60)

    turns = at_once(lambda number: book_letter_turn(letter_key(number), pace, NOW, tables), range(10))
    assert sorted(turns) == [NOW + timedelta(minutes=minute) for minute in range(10)]


def test_one_of_many_workers_pauses_a_target_and_staff_may_resume_it_twice(tables: Tables) -> None:
    assert at_once(lambda _: pause(SLUG, TARGET, "bounced", NOW, tables), range(8)).count(True) == 1
    resume(SLUG, TARGET, NOW, tables)
    resume(SLUG, TARGET, NOW, tables)
    assert not target_states(SLUG, tables)[TARGET].is_paused


def test_three_different_rejections_pause_a_target_and_resume_forgets_them(tables: Tables) -> None:
    def note(rejection: str) -> None:
        note_rejection(SLUG, TARGET, rejection, NOW, tables)

    for rejection in "aabb":
        note(rejection)
    assert not target_state(SLUG, TARGET, tables).is_paused
    note("c")
    assert target_state(SLUG, TARGET, tables).paused_why == "rejected"
    resume(SLUG, TARGET, NOW, tables)
    note("d")
    assert not target_state(SLUG, TARGET, tables).is_paused


def test_racing_rejections_a_day_after_the_last_ones_are_all_noted(tables: Tables) -> None:
    for rejection in "ab":
        note_rejection(SLUG, TARGET, rejection, NOW, tables)

    at_once(lambda rejection: note_rejection(SLUG, TARGET, rejection, NOW + DAY, tables), "bcbc", threads=3)
    assert not target_state(SLUG, TARGET, tables).is_paused
    note_rejection(SLUG, TARGET, "d", NOW + DAY, tables)
    assert target_state(SLUG, TARGET, tables).paused_why == "rejected"
