"""Letters are counted by target and day, and every row of numbers adds up."""

from datetime import timedelta

import pytest

from chalicelib.core import keys, target_keys
from chalicelib.core.errors import MailRefused, Unavailable
from chalicelib.letters.counts import SHARDS, LetterNumbers, letter_counts, total
from chalicelib.letters.target_state import target_state
from chalicelib.mail.send import CLAIM
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, DAY, NOW, Person, item_of, key_of
from tests.letters.lettering import PENDING, a_petition_with_a_letter, confirmed_with_a_letter, relayed, send_all
from tests.served import Served

TARGET = "home-secretary"
FIRST = NOW.date()


@pytest.fixture
def lettered(served: Served) -> Petition:
    return a_petition_with_a_letter(served)


def request_letter(served: Served, petition: Petition, person: Person = ALICE) -> str:
    identity = confirmed_with_a_letter(served, petition, person)
    relayed(served, PENDING, item_of(served.tables, petition, identity))
    return identity


def numbers(served: Served) -> LetterNumbers:
    return total(letter_counts("safe-children", served.tables).get(TARGET, {}).values())


def test_a_letter_that_waits_is_requested_and_not_sent(served: Served, lettered: Petition) -> None:
    request_letter(served, lettered)
    assert numbers(served) == LetterNumbers(requested=1)
    assert numbers(served).waiting == 1


def test_each_change_is_counted_on_its_own_day(served: Served, lettered: Petition) -> None:
    request_letter(served, lettered)
    served.clock.forward(DAY)
    send_all(served)
    days = letter_counts("safe-children", served.tables)[TARGET]
    assert days == {FIRST: LetterNumbers(requested=1), FIRST + DAY: LetterNumbers(sent=1)}
    assert numbers(served).waiting == 0


def test_a_repeated_message_counts_nothing_twice(served: Served, lettered: Petition) -> None:
    alice = request_letter(served, lettered)
    messages = list(served.other_queue.messages)
    for _ in range(3):
        relayed(served, PENDING, item_of(served.tables, lettered, alice))
        served.deliver("send_other_mail", messages)
    assert numbers(served) == LetterNumbers(requested=1, sent=1)


def test_letters_of_several_people_add_up(served: Served, lettered: Petition) -> None:
    for number in range(20):
        request_letter(served, lettered, Person("Ann", f"ann{number}@mail.example"))
    send_all(served)
    assert numbers(served) == LetterNumbers(requested=20, sent=20)
    used = {key.pk for key in served.tables.items if key.pk.startswith("LETTERS#")}
    assert len(used) > 5, "they are spread over several items"


def test_a_letter_after_an_unclear_answer_is_unknown_and_never_sent(served: Served, lettered: Petition) -> None:
    request_letter(served, lettered)
    served.mailer.failures = [Unavailable("mail")]
    send_all(served)
    for _ in range(3):
        served.clock.forward(CLAIM + timedelta(hours=1))
        send_all(served)
    assert served.mailer.mails == []
    assert numbers(served) == LetterNumbers(requested=1, unknown=1)


def test_a_refused_letter_is_failed_and_the_letters_of_others_wait(served: Served, lettered: Petition) -> None:
    request_letter(served, lettered)
    request_letter(served, lettered, BOB)
    served.mailer.failures = [MailRefused()]
    send_all(served)
    assert served.mailer.mails == []
    assert numbers(served) == LetterNumbers(requested=2, failed=1)
    assert target_state(lettered.slug, TARGET, served.tables).paused_why == "refused"


def test_a_letter_whose_person_withdrew_is_dropped_and_one_that_signs_again_counts_once(
    served: Served, lettered: Petition
) -> None:
    alice = request_letter(served, lettered)
    withdraw(key_of(lettered, alice), lettered, NOW, served.tables)
    send_all(served)
    assert numbers(served) == LetterNumbers(requested=1, dropped=1)
    request_letter(served, lettered)
    assert numbers(served) == LetterNumbers(requested=1)
    send_all(served)
    assert numbers(served) == LetterNumbers(requested=1, sent=1)


def bounce(served: Served, kind: str = "Bounce") -> None:
    tags = {name: [value] for name, value in served.mailer.mails[-1].tags.items()}
    event = {"eventType": kind, "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    assert served.deliver("receive_feedback", [event, event]) == []


def test_a_bounced_letter_is_not_sent_any_more(served: Served, lettered: Petition) -> None:
    request_letter(served, lettered)
    send_all(served)
    bounce(served)
    assert numbers(served) == LetterNumbers(requested=1, failed=1)


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_after_a_bounce_or_a_complaint_the_letters_of_others_wait(
    served: Served, lettered: Petition, kind: str
) -> None:
    request_letter(served, lettered)
    send_all(served)
    bounce(served, kind)
    request_letter(served, lettered, BOB)
    send_all(served)
    assert len(served.mailer.mails) == 1
    assert numbers(served).waiting == 1


def test_the_numbers_cost_one_query_for_each_shard(served: Served, lettered: Petition) -> None:
    served.tables.calls.clear()
    letter_counts("safe-children", served.tables)
    assert served.tables.calls == ["query"] * SHARDS


def test_another_petition_whose_name_begins_alike_is_not_counted(served: Served, lettered: Petition) -> None:
    request_letter(served, lettered)
    assert letter_counts("safe", served.tables) == {}
    assert target_keys.letter_count("safe-children", 3, "a", FIRST) == (
        keys.COUNTS,
        "LETTERS#safe-children#03",
        "a#2026-11-24",
    )
