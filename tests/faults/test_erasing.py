"""After any two faults while a person is erased, a retry erases everything and the count is exact."""

from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.projections.recount import recount
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import BOB, NOW, a_petition, a_published_petition, confirmed, identity_of, item_of, key_of, signed
from tests.fakes import FakeTables
from tests.faults.injection import Faults, Injection, Killed, each_fault, restore
from tests.signatures.test_erase import ERASED_ATTRIBUTES

PETITION = a_petition()
pytestmark = pytest.mark.faults
KEY = key_of(PETITION, identity_of(PETITION))


def with_alice_pending(tables: FakeTables) -> None:
    signed(tables, PETITION)


def with_alice_confirmed(tables: FakeTables) -> None:
    confirmed(tables, PETITION)


def with_alice_withdrawn(tables: FakeTables) -> None:
    confirmed(tables, PETITION)
    withdraw(KEY, PETITION, NOW, tables)


def with_alice_taken_back(tables: FakeTables) -> None:
    with_alice_withdrawn(tables)
    tables.items[KEY]["taken_back_at"] = iso(NOW)


def erase_with_faults(tables: FakeTables, faults: Faults) -> Injection:
    """Erase the signature and return the calls that were made."""
    injection = Injection(faults)
    injection.into(tables)
    with suppress(Killed, Unavailable):
        erase(KEY, PETITION, NOW, tables)
    restore(tables)
    return injection


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.signatures.counted.sleep", lambda _: None)


@pytest.mark.parametrize(
    "before", [with_alice_pending, with_alice_confirmed, with_alice_withdrawn, with_alice_taken_back]
)
def test_after_any_two_faults_a_retry_erases_all_and_the_count_is_exact(before: Callable[[FakeTables], None]) -> None:
    def fresh_tables() -> FakeTables:
        tables = FakeTables()
        a_published_petition(tables)
        confirmed(tables, PETITION, BOB)
        before(tables)
        return tables

    made = erase_with_faults(fresh_tables(), {})
    single_faults = [{at: fault} for at, fault in each_fault(made)]
    for first, second in product(single_faults, repeat=2):
        tables = fresh_tables()
        erase_with_faults(tables, first)
        assert exact_count(PETITION, NOW, tables).confirmed in (1, 2)
        erase_with_faults(tables, second)
        erase_with_faults(tables, {})
        assert exact_count(PETITION, NOW, tables).confirmed == 1
        assert item_of(tables, PETITION, KEY.sk).keys() == ERASED_ATTRIBUTES
        recounted = recount(PETITION, lambda: NOW, tables)
        assert (recounted.drift, recounted.confirmed) == ({}, 1)
