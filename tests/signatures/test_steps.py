"""An answer to a new address takes as long as an answer to a known address: both wait for the next whole step."""

from collections.abc import Callable

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures import sign
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.model import MailKind
from chalicelib.signatures.sign import LONGEST_WAIT, STEP, Origin, Outcome, sign_from_queue
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
from tests.signatures.test_sign import send_mail


class SlowTables(FakeTables):
    """Tables with a clock of their own. Each call takes `seconds_per_call`."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0
        self.seconds_per_call = 0.0

    def _called(self, name: str) -> None:
        super()._called(name)
        self.clock += self.seconds_per_call

    def sleep(self, seconds: float) -> None:
        self.clock += seconds


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> SlowTables:
    slow = SlowTables()
    monkeypatch.setattr(sign, "monotonic", lambda: slow.clock)
    monkeypatch.setattr(sign, "sleep", slow.sleep)
    monkeypatch.setattr(sign, "uniform", lambda low, _: low)
    return slow


@pytest.fixture
def petition(tables: SlowTables) -> Petition:
    return a_published_petition(tables)


# What happened to an earlier signature with the address.
SINCE: dict[str, Callable[[SlowTables, Petition, str], object]] = {
    "nothing": lambda *_: None,
    "email": send_mail,
    "bounced": lambda tables, petition, alice: mark_undeliverable(key_of(petition, alice), "bounced", tables),
    "confirmed": lambda tables, petition, _: confirmed(tables, petition),
    "withdrawn": lambda tables, petition, alice: withdraw(key_of(petition, alice), petition, NOW, tables),
    "expired": lambda tables, petition, alice: change_item(tables, petition, alice, expires_at=1),
}


def measure(
    tables: SlowTables, act: Callable[[], Outcome], seconds_per_call: float = 0.004
) -> tuple[Outcome, float, list[str]]:
    """Return the outcome of `act`, its seconds and its calls."""
    tables.seconds_per_call, tables.clock = seconds_per_call, 0.0
    tables.calls.clear()
    outcome = act()
    tables.seconds_per_call = 0.0
    return outcome, round(tables.clock, 6), list(tables.calls)


@pytest.mark.parametrize(
    ("seconds_per_call", "time"), [(0.004, STEP), (0.012, STEP), (0.02, 2 * STEP), (0.045, 4 * STEP)]
)
@pytest.mark.parametrize("since", SINCE)
def test_answers_to_new_and_to_known_addresses_take_equally_long(
    tables: SlowTables, petition: Petition, since: str, seconds_per_call: float, time: float
) -> None:
    SINCE[since](tables, petition, signed(tables, petition))
    context = a_signing_context(tables)
    again = measure(tables, lambda: sign_by_form(petition, NOW + MINUTE, context).outcome, seconds_per_call)
    new = measure(tables, lambda: sign_by_form(petition, NOW + MINUTE, context, BOB).outcome, seconds_per_call)
    assert again == (Outcome.REPEATED, time, ["put_new", "update"])
    assert new == (Outcome.ACCEPTED, time, ["put_new"])


def test_the_wait_after_a_slow_write_is_limited(tables: SlowTables, petition: Petition) -> None:
    context = a_signing_context(tables)
    tables.seconds_per_call = 1.9
    assert sign_by_form(petition, NOW, context).outcome is Outcome.ACCEPTED
    assert tables.clock == pytest.approx(1.9 + LONGEST_WAIT)


def test_the_worker_of_the_queue_does_not_wait(tables: SlowTables, petition: Petition) -> None:
    message = overflow_message(petition)
    measured = measure(tables, lambda: sign_from_queue(message, NOW, tables))
    assert measured == (Outcome.ACCEPTED, 0.004, ["put_new"])


@pytest.mark.parametrize("kind", [None, *MailKind])
def test_a_partners_signature_does_not_wait(tables: SlowTables, petition: Petition, kind: MailKind | None) -> None:
    """The partner learns the outcome in any case."""
    origin = Origin(obtained_by="oak", channel="partner", consent_version="1", receipt="oak:1", mail_kind=kind)
    context = a_signing_context(tables)
    measured = measure(tables, lambda: sign.sign(a_form(), petition, origin, NOW, context).outcome)
    assert measured == (Outcome.ACCEPTED, 0.004, ["put_new"])
