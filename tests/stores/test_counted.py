"""Letters and their counters, on the fake and on the emulator: each change happens once, with its number."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from chalicelib.aws.table import Tables
from chalicelib.core.letter_keys import letter_delivery, letter_ids
from chalicelib.core.target_keys import DigestIds
from chalicelib.letters.counts import LetterNumbers, letter_counts, total
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import (
    DigestContents,
    close,
    find_digest,
    gather,
    remove_letter,
    seal,
    unrequested_digests,
    unseal,
)
from chalicelib.letters.digest_kind import DIGESTS
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import pause, resume, target_state, target_states
from chalicelib.mail.model import MailRequest
from chalicelib.petitions.letter import Paced
from tests.actors import DAY, NOW
from tests.stores.test_deliveries import LEASE, tables, works  # noqa: F401  (a fixture)

SLUG, TARGET = "safe-children", "minister"


def key_of(number: int) -> str:
    return letter_delivery(SLUG, TARGET, f"{number:032x}")


def numbers(tables: Tables) -> LetterNumbers:  # noqa: F811
    return total(letter_counts(SLUG, tables).get(TARGET, {}).values())


def test_a_letter_is_counted_once_whoever_races(tables: Tables) -> None:  # noqa: F811
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda _: works(lambda: LETTERS.request(key_of(0), NOW, tables)), range(8))].count(True) == 1
    [request] = [LETTERS.request(key_of(1), NOW, tables)]
    LETTERS.claim(request, NOW, LEASE, tables)
    with ThreadPoolExecutor(8) as pool:
        [*pool.map(lambda _: LETTERS.mark_sent(request, NOW, tables), range(8))]
    assert numbers(tables) == LetterNumbers(requested=2, sent=1)
    for _ in range(2):
        LETTERS.mark_undeliverable(key_of(1), "bounced", NOW + DAY, tables)
    assert numbers(tables) == LetterNumbers(requested=2, failed=1)
    assert target_state(SLUG, TARGET, tables).paused_why == "bounced"


def test_a_dropped_letter_is_requested_again_by_one_of_many(tables: Tables) -> None:  # noqa: F811
    LETTERS.drop(LETTERS.request(key_of(0), NOW, tables), NOW, tables)
    with ThreadPoolExecutor(8) as pool:
        again = [*pool.map(lambda _: works(lambda: LETTERS.request(key_of(0), NOW + DAY, tables)), range(8))]
    assert again.count(True) == 1
    assert numbers(tables) == LetterNumbers(requested=1)


def test_a_digest_gathers_each_letter_once_and_loses_those_of_people_who_withdraw(tables: Tables) -> None:  # noqa: F811
    requests = [LETTERS.request(key_of(number), NOW, tables) for number in range(6)]
    ids = DigestIds(SLUG, TARGET, (NOW + DAY).date())
    with ThreadPoolExecutor(6) as pool:
        [*pool.map(lambda each: gather(letter_ids(each.key), each, "SW", True, NOW, tables), requests[:4] * 2)]
    remove_letter(requests[0].key, letter_ids(requests[0].key), "SW", NOW, tables)
    close(ids, NOW, tables)
    remove_letter(requests[1].key, letter_ids(requests[1].key), "SW", NOW, tables)
    after = gather(letter_ids(requests[4].key), requests[4], "SW", False, NOW, tables)
    assert after == ids._replace(day=ids.day + DAY)
    found = find_digest(ids, tables)
    assert found is not None
    assert (found.letters, found.areas) == (2, {"SW": 2})
    assert [*unrequested_digests(SLUG, TARGET, tables)] == [ids, after]
    DIGESTS.mark_sent(DIGESTS.request(ids.delivery, NOW, tables), NOW, tables)
    assert numbers(tables) == LetterNumbers(requested=6, sent=2, dropped=2)


def test_people_who_withdraw_while_a_digest_is_sealed_are_taken_out_before_the_next_attempt(
    tables: Tables,  # noqa: F811
) -> None:
    requests = [LETTERS.request(key_of(number), NOW, tables) for number in range(4)]
    for each in requests:
        gather(letter_ids(each.key), each, "no postcode", False, NOW, tables)
    ids = DigestIds(SLUG, TARGET, (NOW + DAY).date())
    request = DIGESTS.request(ids.delivery, NOW, tables)

    def leave(*letters: MailRequest) -> None:
        with ThreadPoolExecutor(6) as pool:
            [
                *pool.map(
                    lambda each: remove_letter(each.key, letter_ids(each.key), "no postcode", NOW, tables), letters * 3
                )
            ]

    def sealed() -> tuple[int, Mapping[str, int]]:
        found = seal(ids, NOW, tables)
        assert found
        return found.letters, found.areas

    assert sealed() == (4, {"no postcode": 4})
    leave(*requests[:2])
    assert find_digest(ids, tables) == DigestContents(ids, 4, {"no postcode": 4}, [], is_requested=False)
    assert sealed() == (2, {"no postcode": 2})
    unseal(ids, tables)
    leave(requests[2])
    assert sealed() == (1, {"no postcode": 1})
    DIGESTS.mark_sent(request, NOW, tables)
    leave(requests[3])
    assert numbers(tables) == LetterNumbers(requested=4, sent=1, dropped=3)


def test_turns_of_racing_senders_differ(tables: Tables) -> None:  # noqa: F811
    pace = Paced(mode="paced", per_hour=60)
    with ThreadPoolExecutor(8) as pool:
        due = [*pool.map(lambda each: book_letter_turn(SLUG, TARGET, key_of(each), pace, None, NOW, tables), range(10))]
    assert sorted(due) == [NOW + timedelta(minutes=minute) for minute in range(10)]


def test_one_of_many_pauses_a_target_and_resuming_keeps_the_rest(tables: Tables) -> None:  # noqa: F811
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda _: pause(SLUG, TARGET, "bounced", NOW, tables), range(8))].count(True) == 1
    resume(SLUG, TARGET, tables)
    resume(SLUG, TARGET, tables)
    assert not target_states(SLUG, tables)[TARGET].is_paused
