"""The time of an answer does not show whether an address has signed: both wait for the next whole step."""

from collections.abc import Callable

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures import sign, steps
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.origin import Origin
from chalicelib.signatures.sign import Outcome, sign_from_queue
from chalicelib.signatures.steps import LONGEST_WAIT, STEP
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    BOB,
    MINUTE,
    NOW,
    a_form,
    a_published_petition,
    a_signing_context,
    change_item,
    confirmed,
    key_of,
    overflow_message,
    sign_by_form,
    signed,
)
from tests.fakes import FakeTables
from tests.signatures.test_sign import mailed


class SlowTables(FakeTables):
    """Each call takes `each` seconds, by a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0
        self.each = 0.0

    def _called(self, name: str) -> None:
        super()._called(name)
        self.clock += self.each

    def sleep(self, seconds: float) -> None:
        self.clock += seconds


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> SlowTables:
    slow = SlowTables()
    monkeypatch.setattr(sign, "monotonic", lambda: slow.clock)
    monkeypatch.setattr(steps, "monotonic", lambda: slow.clock)
    monkeypatch.setattr(steps, "sleep", slow.sleep)
    monkeypatch.setattr(steps, "uniform", lambda low, _: low)
    return slow


@pytest.fixture
def petition(tables: SlowTables) -> Petition:
    return a_published_petition(tables)


def pending(tables: SlowTables, petition: Petition) -> None:
    signed(tables, petition)


def pending_and_mailed(tables: SlowTables, petition: Petition) -> None:
    mailed(tables, petition, signed(tables, petition))


def bounced(tables: SlowTables, petition: Petition) -> None:
    mark_undeliverable(key_of(petition, signed(tables, petition)), "bounced", tables)


def confirmed_before(tables: SlowTables, petition: Petition) -> None:
    confirmed(tables, petition)


def withdrawn(tables: SlowTables, petition: Petition) -> None:
    withdraw(key_of(petition, signed(tables, petition)), petition, NOW, tables)


def expired(tables: SlowTables, petition: Petition) -> None:
    change_item(tables, petition, signed(tables, petition), expires_at=1)


def time_of(tables: SlowTables, act: Callable[[], Outcome], each: float = 0.004) -> tuple[Outcome, float, list[str]]:
    tables.each, tables.clock = each, 0.0
    tables.calls.clear()
    outcome = act()
    tables.each = 0.0
    return outcome, round(tables.clock, 6), list(tables.calls)


@pytest.mark.parametrize(("each", "time"), [(0.004, STEP), (0.012, STEP), (0.02, 2 * STEP), (0.045, 4 * STEP)])
@pytest.mark.parametrize("known", [pending, pending_and_mailed, bounced, confirmed_before, withdrawn, expired])
def test_an_answer_to_a_new_address_takes_as_long_as_one_to_a_known_address(
    tables: SlowTables,
    petition: Petition,
    known: Callable[[SlowTables, Petition], None],
    each: float,
    time: float,
) -> None:
    known(tables, petition)
    context = a_signing_context(tables)
    again = time_of(tables, lambda: sign_by_form(petition, NOW + MINUTE, context).outcome, each)
    new = time_of(tables, lambda: sign_by_form(petition, NOW + MINUTE, context, BOB).outcome, each)
    assert again == (Outcome.REPEATED, time, ["put_new", "update"])
    assert new == (Outcome.ACCEPTED, time, ["put_new"])


def test_nobody_waits_twice_for_a_slow_table(tables: SlowTables, petition: Petition) -> None:
    context = a_signing_context(tables)
    tables.each = 1.9
    assert sign_by_form(petition, NOW, context).outcome is Outcome.ACCEPTED
    assert tables.clock == pytest.approx(1.9 + LONGEST_WAIT)


def test_the_worker_of_the_queue_does_not_wait(tables: SlowTables, petition: Petition) -> None:
    one = overflow_message(petition)
    stored = time_of(tables, lambda: sign_from_queue(one, NOW, tables))
    assert stored == (Outcome.ACCEPTED, 0.004, ["put_new"])


@pytest.mark.parametrize("by_email", [False, True])
def test_a_partners_signature_does_not_wait(tables: SlowTables, petition: Petition, *, by_email: bool) -> None:
    """Whoever obtained it learns the outcome in any case."""
    origin = Origin(
        obtained_by="oak", channel="partner", consent_version="1", receipt="oak:1", confirms_by_email=by_email
    )
    context = a_signing_context(tables)
    stored = time_of(tables, lambda: sign.sign(a_form(), petition, origin, NOW, context).outcome)
    assert stored == (Outcome.ACCEPTED, 0.004, ["put_new"])
