"""One invocation: it ends in time, and the first refusal for all is the last mail anybody tries."""

from collections.abc import Sequence

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core import keys
from chalicelib.core.errors import NotYet, SendingStopped, Throttled, Unavailable
from chalicelib.mail.model import MailWish
from chalicelib.mail.pause import PAUSE, is_paused, pause_mail
from chalicelib.mail.send import Sent
from chalicelib.mail.shift import BUDGET_SECONDS, HOLD_SECONDS, Shift
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, CHARLIE, NOW, an_office, item_of, signed, wish_of
from tests.fakes import FakeTables


class Desk:
    """Shifts on one clock, the mails they sent, and what SES says to the next ones."""

    def __init__(self, tables: FakeTables) -> None:
        self.tables = tables
        self.now = 0.0
        self.slept: list[float] = []
        self.asked: list[Mail] = []
        self.refusals: list[Exception] = []

    def deliver(self, mail: Mail) -> None:
        self.asked.append(mail)
        if self.refusals:
            raise self.refusals.pop(0)

    def shift(self) -> Shift:
        return Shift(an_office(self.deliver), self.tables, lambda: self.now, self.slept.append)


@pytest.fixture
def desk(tables: FakeTables) -> Desk:
    return Desk(tables)


@pytest.fixture
def wishes(tables: FakeTables, petition: Petition) -> Sequence[MailWish]:
    return [wish_of(tables, petition, signed(tables, petition, who)) for who in (ALICE, BOB, CHARLIE)]


def test_a_spent_quota_stops_the_rest_of_the_batch_and_every_later_shift(
    desk: Desk, wishes: Sequence[MailWish]
) -> None:
    desk.refusals = [SendingStopped("mail")]
    first = desk.shift()
    with pytest.raises(Throttled):
        first.send(wishes[0], NOW)
    for shift, wish in ((first, wishes[1]), (desk.shift(), wishes[2])):
        with pytest.raises(NotYet):
            shift.send(wish, NOW)
    assert len(desk.asked) == 1


def test_it_goes_on_by_itself_and_nobody_waits_for_a_claim(
    desk: Desk, wishes: Sequence[MailWish], petition: Petition
) -> None:
    desk.refusals = [SendingStopped("mail")]
    with pytest.raises(Throttled):
        desk.shift().send(wishes[0], NOW)
    assert "mail_claimed_until" not in item_of(desk.tables, petition, wishes[0].signature_id)
    later = desk.shift()
    assert [later.send(wish, NOW + PAUSE) for wish in wishes] == [Sent.SENT] * 3
    assert len(desk.asked) == 4


def test_a_shift_in_a_pause_holds_its_messages_once_instead_of_having_them_come_and_go(
    desk: Desk, wishes: Sequence[MailWish]
) -> None:
    pause_mail(NOW, desk.tables)
    desk.tables.calls.clear()
    shift = desk.shift()
    for wish in wishes:
        with pytest.raises(NotYet):
            shift.send(wish, NOW)
    assert desk.slept == [HOLD_SECONDS]
    assert desk.tables.calls == ["get"], "and asks the table once"


def test_one_mail_refused_for_its_rate_pauses_nobody(desk: Desk, wishes: Sequence[MailWish]) -> None:
    desk.refusals = [Throttled("mail")]
    shift = desk.shift()
    with pytest.raises(Throttled):
        shift.send(wishes[0], NOW)
    assert shift.send(wishes[1], NOW) is Sent.SENT
    assert not is_paused(NOW, desk.tables)


def test_a_pause_that_cannot_be_written_is_written_after_the_next_refusal(
    desk: Desk, wishes: Sequence[MailWish], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.refusals = [SendingStopped("mail")] * 2
    put, broken = FakeTables.put, [True]

    def fails_once(self: FakeTables, key: keys.Key, item: dict[str, str]) -> None:
        if broken:
            broken.pop()
            raise Unavailable("storage")
        put(self, key, item)

    monkeypatch.setattr(FakeTables, "put", fails_once)
    with pytest.raises(Unavailable):
        desk.shift().send(wishes[0], NOW)
    assert not is_paused(NOW, desk.tables)
    with pytest.raises(Throttled):
        desk.shift().send(wishes[0], NOW)
    assert is_paused(NOW, desk.tables)


def test_no_mail_is_begun_that_the_functions_end_could_cut_in_two(desk: Desk, wishes: Sequence[MailWish]) -> None:
    shift = desk.shift()
    desk.now = BUDGET_SECONDS
    assert shift.send(wishes[0], NOW) is Sent.SENT
    desk.now = BUDGET_SECONDS + 0.1
    with pytest.raises(NotYet):
        shift.send(wishes[1], NOW)
    assert len(desk.asked) == 1
