"""Letters at a pace: evenly spread over working hours, never more than the limit, and none is lost.

If staff change how a target gets its letters, letters that wait for a turn follow the new setting.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

import pytest
from hypothesis import given, settings, strategies as st

from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.pace import HOUR, MILLISECOND, WorkingTime, book_letter_turn, in_london
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from chalicelib.petitions.letter import Paced
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.letters.lettering import publish_with_delivery, send_all
from tests.letters.test_counts import numbers
from tests.letters.test_digests import UNTIL_SEVEN, send_digests, send_letters

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_pace(per_hour: int) -> Paced:
    return Paced(mode="paced", per_hour=per_hour)


def a_letter(signature_id: object, target: str = "target") -> str:
    return letter_delivery("slug", target, str(signature_id))


def sending_times(arrivals: list[datetime], per_hour: int, late: list[int] | None = None) -> list[datetime]:
    """Let each letter ask for a turn, and again when it is due (or `late` minutes later). Return when each is sent."""
    tables, sent = FakeTables(), []
    waiting: list[tuple[datetime, int, bool]] = [(at, number, False) for number, at in enumerate(arrivals)]
    heapify(waiting)
    delays = iter(late or [])
    while waiting:
        now, number, has_turn = heappop(waiting)
        due = book_letter_turn(a_letter(number), a_pace(per_hour), now, tables, has_turn=has_turn)
        if due <= now:
            sent.append(now)
        else:
            heappush(waiting, (due + next(delays, 0) * MINUTE, number, True))
    return sent


ARRIVALS = st.lists(st.integers(0, 4 * 24 * 60), min_size=1, max_size=80)
LATE = st.lists(st.integers(0, 600), max_size=200)


@settings(deadline=None)
@given(ARRIVALS, st.integers(1, 20), LATE)
def test_however_late_letters_ask_every_letter_is_sent_and_no_hour_exceeds_its_limit(
    arrivals: list[int], per_hour: int, late: list[int]
) -> None:
    sent = sending_times([MONDAY + minute * MINUTE for minute in arrivals], per_hour, late)
    assert len(sent) == len(arrivals)
    assert all(WorkingTime().is_open(moment) for moment in sent)
    by_hour = Counter(f"{in_london(moment):%j %H}" for moment in sent)
    assert max(by_hour.values()) <= per_hour


def test_after_a_night_in_which_no_email_was_sent_the_letters_are_not_sent_all_at_once() -> None:
    """100 letters are booked for Monday; all email is stopped until Tuesday at 9."""
    tables = FakeTables()
    for number in range(100):
        book_letter_turn(a_letter(number), a_pace(20), MONDAY, tables)
    tuesday = MONDAY + timedelta(days=1)
    turns = []
    for number in range(100):
        turns.append(book_letter_turn(a_letter(number), a_pace(20), tuesday, tables, has_turn=True))
    assert turns.count(tuesday) == 20
    later = sorted(due for due in turns if due > tuesday)
    assert tuesday < later[0] < later[-1] <= tuesday + HOUR + MINUTE
    assert later[-1] - later[0] > 30 * MINUTE, "each at a moment of its own"


def test_a_turn_costs_one_or_two_writes_and_so_does_its_place_in_the_hour() -> None:
    tables = FakeTables()
    book_letter_turn(a_letter("a"), a_pace(10), MONDAY, tables)
    assert tables.calls == ["update"] * 4
    tables.calls.clear()
    due = book_letter_turn(a_letter("b"), a_pace(10), MONDAY, tables)
    assert tables.calls == ["update"]
    book_letter_turn(a_letter("b"), a_pace(10), due, tables, has_turn=True)
    assert tables.calls == ["update"] * 2


USUAL = WorkingTime()
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
HOURS = st.integers(0, 22).flatmap(lambda first: st.tuples(st.just(first), st.integers(first + 1, 24)))


@given(MOMENTS, HOURS)
def test_the_moment_of_a_position_is_in_working_hours_and_has_that_position(
    moment: datetime, hours: tuple[int, int]
) -> None:
    working = WorkingTime(*hours)
    found = working.moment_at(working.position(moment))
    assert working.is_open(found)
    assert working.position(found) == working.position(moment)
    if working.is_open(moment):
        assert moment - MILLISECOND < found <= moment
    else:
        assert found > moment


@pytest.mark.parametrize(("day", "hour"), [(27, 17), (28, 0), (28, 12), (29, 8), (29, 23)])
def test_a_letter_of_friday_evening_or_a_weekend_goes_on_monday_morning(day: int, hour: int) -> None:
    """Summer time begins on this weekend, so the day begins an hour earlier in UTC."""
    moment = datetime(2026, 3, day, hour, tzinfo=UTC)
    assert USUAL.moment_at(USUAL.position(moment)) == datetime(2026, 3, 30, 8, tzinfo=UTC)


SLOW, FAST = {"mode": "paced", "per_hour": 1}, {"mode": "paced", "per_hour": 100}


def sweep_all_letters(fake_site: FakeSite) -> None:
    """Let the time pass in which the sweep reads every waiting letter, and send the letters that are due."""
    for _ in range(5):
        fake_site.clock.forward(LOST_AFTER_IF_NO_BACKLOG / 4)
        fake_site.invoke("check_mail", {"task": "sweep"})
        send_all(fake_site)


@pytest.fixture
def slow_site(fake_site: FakeSite) -> FakeSite:
    """One letter was sent, and twenty wait for the next days."""
    send_letters(fake_site, publish_with_delivery(fake_site, SLOW), 21)
    assert numbers(fake_site) == LetterNumbers(requested=21, sent=1)
    return fake_site


def test_waiting_letters_to_a_target_that_gets_digests_now_are_in_the_next_digest(slow_site: FakeSite) -> None:
    publish_with_delivery(slow_site, {"mode": "digest", "first": 0})
    sweep_all_letters(slow_site)
    slow_site.clock.forward(UNTIL_SEVEN)
    send_digests(slow_site)
    assert slow_site.mailer.mails[-1].subject.startswith("20 letters")
    assert numbers(slow_site) == LetterNumbers(requested=21, sent=21)


def test_waiting_letters_keep_their_turns_at_a_faster_pace(slow_site: FakeSite) -> None:
    publish_with_delivery(slow_site, FAST)
    sweep_all_letters(slow_site)
    assert numbers(slow_site).sent == 2


def test_new_letters_at_a_faster_pace_do_not_wait_for_turns_at_the_slow_pace(slow_site: FakeSite) -> None:
    petition = publish_with_delivery(slow_site, FAST)
    slow_site.clock.forward(timedelta(minutes=30))
    send_letters(slow_site, petition, 1)
    assert numbers(slow_site).sent == 2
