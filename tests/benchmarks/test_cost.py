"""The bill of a million signatures, of a stage and of a petition, with the settings of the template."""

import pytest

from benchmarks import declared
from benchmarks.cost.bill import bill
from benchmarks.cost.prices import Line, prices
from benchmarks.cost.quantities import BUSY, TRICKLE, invocations, projected_writes
from benchmarks.cost.standing import GOALS_USD, petition_lines, standing_lines
from benchmarks.lambdas import STREAM_READERS
from benchmarks.model.limits import Account
from benchmarks.results import read
from chalicelib.mail.rate_limit import senders_for

BILL = bill(read(), prices())


def test_the_total_is_the_sum_of_its_items() -> None:
    total = sum(BILL["cost"]["items"].values())
    assert BILL["cost_per_million_without_ses_usd"] == pytest.approx(total, abs=0.1)
    assert BILL["cost"]["ses_usd"] == 100


def test_a_million_requests_cost_what_the_price_list_says() -> None:
    items = BILL["cost"]["items"]
    assert items["API Gateway: sign, confirm page, confirm"] == 3 * 3.5
    assert items["DynamoDB: write units, confirm and count"] == 2.5


def test_a_signature_on_a_slow_day_costs_more_because_batches_are_small() -> None:
    assert BILL["cost"]["one_at_a_time_usd"] > BILL["cost_per_million_without_ses_usd"]
    # A put and a confirmation write two items, and the mark of an email writes one.
    assert projected_writes(TRICKLE) == pytest.approx(5 / 3, abs=0.01)
    assert projected_writes(BUSY) / BUSY.batch("project") < 0.1
    busy, trickle = invocations(BUSY), invocations(TRICKLE)
    for step in busy:
        assert trickle[step] >= busy[step]


def total(rows: list[Line]) -> float:
    return sum(row.usd_beyond_free(prices()) for row in rows)


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_an_idle_stage_costs_no_more_than_its_goal(stage: str) -> None:
    assert total(standing_lines(stage)) <= GOALS_USD[stage]


def test_a_petition_costs_no_more_than_its_goal() -> None:
    assert total(petition_lines(read()["item_bytes"])) <= GOALS_USD["petition"]


def test_the_model_has_as_many_workers_as_the_template() -> None:
    default = Account("default")
    assert default.senders == declared.maximum_concurrency("SendMail") == senders_for(12)
    assert Account("raised").senders == senders_for(Account("raised").mail_rate)
    assert default.storers == declared.maximum_concurrency("StoreOverflow") > 0
    assert [STREAM_READERS[name].parallelization_factor for name in ("relay", "project")] == [4, 1]
