"""The bill of a million signatures, of a stage and of a petition, with the settings of the template."""

from typing import Any

import pytest

from benchmarks import declared, lambdas
from benchmarks.cost.bill import bill
from benchmarks.cost.prices import Line, prices
from benchmarks.cost.quantities import BUSY, TRICKLE, billed_seconds, invocations, projected_writes
from benchmarks.cost.standing import GOALS_USD, petition_lines, standing_lines
from benchmarks.lambdas import STREAM_READERS
from benchmarks.model.limits import Account
from benchmarks.results import read
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER, senders_for
from chalicelib.signatures.sign import STEP

WAY = read()["way"]
ITEM_BYTES = read()["item_bytes"]
BILL = bill(read(), prices())


def test_the_total_is_the_sum_of_its_items() -> None:
    total = sum(BILL["cost"]["items"].values())
    assert BILL["cost_per_million_without_ses_usd"] == pytest.approx(total, abs=0.1)
    assert BILL["cost"]["ses_usd"] == 100


def test_ten_views_of_a_signature_are_priced_with_and_without_the_cdn() -> None:
    views = BILL["cost"]["views"]
    requests = 10 * (read()["views"]["first_view_bytes"]["requests"] + 2)
    assert views["without_cdn"]["API Gateway: requests"] == requests * 3.5
    assert views["flat_rate_plans"]["pro"]["signatures"] == 10_000_000 // (requests + 3)
    for priced in (views["with_cdn"], views["without_cdn"]):
        assert 2 * priced["all"] == pytest.approx(sum(priced.values()))


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


def way_with_sending(**figures: int) -> dict[str, Any]:
    """Return the measured way with other figures of sending."""
    send = {size: {**WAY["send"][size], **figures} for size in ("of_1", "of_10")}
    return {**WAY, "send": send}


def test_a_sender_is_billed_while_it_waits_for_its_next_turn() -> None:
    fast = way_with_sending(cpu_us=0, calls=1)
    assert billed_seconds(fast, "send", BUSY) == BUSY.queue_batch / EMAILS_PER_SENDER
    assert billed_seconds(fast, "send", TRICKLE) < 1 / EMAILS_PER_SENDER
    slow = way_with_sending(calls=400)
    assert billed_seconds(slow, "send", BUSY) > BUSY.queue_batch / EMAILS_PER_SENDER


def total(rows: list[Line]) -> float:
    return sum(row.usd_beyond_free(prices()) for row in rows)


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_an_idle_stage_costs_no_more_than_its_goal(stage: str) -> None:
    assert total(standing_lines(stage)) <= GOALS_USD[stage]


def test_a_petition_costs_no_more_than_its_goal() -> None:
    assert total(petition_lines(ITEM_BYTES)) <= GOALS_USD["petition"]


def test_the_model_has_as_many_workers_as_the_template() -> None:
    default = Account("default")
    assert default.senders == declared.maximum_concurrency("SendMail") == senders_for(12)
    assert Account("raised").senders == senders_for(Account("raised").mail_rate)
    assert default.storers == declared.maximum_concurrency("StoreOverflow") > 0
    assert [STREAM_READERS[name].parallelization_factor for name in ("relay", "project")] == [4, 1]


def test_the_time_of_a_function_is_its_cpu_at_its_share_of_a_processor_and_its_calls() -> None:
    assert [lambdas.cpu_share(megabytes) for megabytes in (1769 // 2, 1769, 4000)] == [pytest.approx(0.5, 0.01), 1, 1]
    assert lambdas.seconds("sign", cpu_us=0, calls=1) == STEP
    assert lambdas.seconds("send", cpu_us=0, calls=3, mails=1) == pytest.approx(0.12)
    assert lambdas.seconds("send", 1e6, 0) == 1 / lambdas.cpu_share(lambdas.memory_mb("send"))


def test_a_batch_costs_what_lies_on_the_line_through_one_and_ten() -> None:
    measured = {"of_1": {"calls": 2}, "of_10": {"calls": 11}}
    assert [lambdas.interpolate(measured, "calls", size) for size in (1, 5, 10, 100)] == [2, 6, 11, 101]
    assert [lambdas.expected_buckets(records, 2) for records in (0.5, 1, 2, 3)] == [0.5, 1, 1.5, 1.75]
