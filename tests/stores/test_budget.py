"""The limits table: of several senders one takes from an address's budget, and a retry takes nothing twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws.table import Tables
from chalicelib.mail.budget import INTERVALS, look, take
from tests.actors import NOW
from tests.mail.test_budget import SLUG, TO_ALICE, a_request, taken


@pytest.mark.parametrize("earlier", [0, 2])
def test_of_racing_senders_one_takes_from_the_budget(tables: Tables, earlier: int) -> None:
    now = taken(tables, earlier)
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda number: take(TO_ALICE, SLUG, a_request(9 + number), now, tables).next_at, range(8))]
    assert sorted(found) == [now, *[now + INTERVALS[earlier]] * 7]


def test_a_retry_of_the_same_request_takes_nothing(tables: Tables) -> None:
    for _ in range(3):
        assert take(TO_ALICE, SLUG, a_request(), NOW, tables).next_at == NOW
    assert look(TO_ALICE, SLUG, NOW, tables).next_at == NOW + INTERVALS[0]
