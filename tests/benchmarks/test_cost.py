"""The bill: every row has a price with a source, and the sums are correct."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import lambdas, results
from benchmarks.cost.bill import bill, table
from benchmarks.cost.prices import prices
from benchmarks.cost.quantities import BUSY, TRICKLE, billed_seconds, invocations, lines, projected_writes
from benchmarks.cost.views import requests_per_signature
from benchmarks.results import read
from benchmarks.way import check_emails
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER

WAY = read()["way"]
ITEM_BYTES = read()["sign"]["item_bytes"]
COLD_CPU_US = lambdas.cold_start_cpu_us(read())


def test_every_price_has_a_source_and_the_place_where_it_was_read() -> None:
    for name, price in prices().by_name.items():
        assert price.source, name
        assert price.seen, name
        assert price.usd >= 0, name
    assert prices().region
    assert prices().checked


def test_every_row_has_a_price_and_is_not_negative() -> None:
    for arrivals in (BUSY, TRICKLE):
        found = lines(WAY, ITEM_BYTES, COLD_CPU_US, arrivals)
        assert {line.price for line in found} <= set(prices().by_name)
        assert min(line.quantity for line in found) >= 0


def test_a_measurement_with_a_postponed_email_is_no_cost_of_sending() -> None:
    check_emails(WAY["send"])
    with_a_postponed_email = {**WAY["send"]["of_10"], "emails": 9.95}
    with pytest.raises(RuntimeError):
        check_emails({**WAY["send"], "of_10": with_a_postponed_email})


def test_the_total_is_the_sum_of_its_items() -> None:
    figures = bill(WAY, ITEM_BYTES, COLD_CPU_US, prices())
    total = sum(figures["cost"]["items"].values())
    assert figures["cost_per_million_without_ses_usd"] == pytest.approx(total, abs=0.1)
    assert figures["cost"]["ses_usd"] == 100


def test_a_million_requests_cost_what_the_price_list_says() -> None:
    items = bill(WAY, ITEM_BYTES, COLD_CPU_US, prices())["cost"]["items"]
    assert items["API Gateway: sign, confirm page, confirm"] == 3 * 3.5
    assert items["DynamoDB: write units, confirm and count"] == 2.5


def test_a_signature_on_a_slow_day_costs_more_because_batches_are_small() -> None:
    figures = bill(WAY, ITEM_BYTES, COLD_CPU_US, prices())
    assert figures["cost"]["one_at_a_time_usd"] > figures["cost_per_million_without_ses_usd"]
    # A put and a confirmation write two items, and the mark of an email writes one.
    assert projected_writes(TRICKLE) == pytest.approx(5 / 3, abs=0.01)
    assert projected_writes(BUSY) / BUSY.batch("project") < 0.1
    busy, trickle = invocations(BUSY), invocations(TRICKLE)
    for step in busy:
        assert trickle[step] >= busy[step]


def test_each_flat_rate_plan_is_compared_with_the_price_of_as_many_signatures_without_it() -> None:
    view = read()["views"]
    figures = bill(WAY, ITEM_BYTES, COLD_CPU_US, prices(), view)
    views = figures["cost"]["views"]
    found = views["flat_rate_plans"]
    assert [plan["usd"] for plan in found.values()] == [0, 15, 200, 1000]
    requests = requests_per_signature(view) + 3
    included = (1_000_000, 10_000_000, 125_000_000, 500_000_000)
    for plan, most in zip(found.values(), included, strict=True):
        assert most - requests < plan["signatures"] * requests <= most
        share = plan["signatures"] / 1_000_000
        assert plan["pay_as_you_go_usd"] == pytest.approx(views["with_cdn"]["all"] * share, abs=0.01)
    printed = "\n".join(table(figures))
    assert all(name in printed for name in found)


def test_a_missed_goal_is_reported() -> None:
    figures = bill(WAY, ITEM_BYTES, COLD_CPU_US, prices())
    is_missed = figures["cost_per_million_without_ses_usd"] > 14
    is_reported = "MISSED" in "\n".join(table(figures))
    assert is_reported == is_missed


def test_a_cold_start_is_billed_for_the_cpu_that_was_measured() -> None:
    """AWS bills INIT as any other second since August 2025. Here, one invocation in a hundred has one."""
    (init,) = [line for line in lines(WAY, ITEM_BYTES, COLD_CPU_US, TRICKLE) if "INIT" in line.item]
    assert init.price == "lambda_gb_second"
    # With less than a vCPU, a start takes longer with less memory, and costs the same.
    gb_seconds = COLD_CPU_US / 1e6 * lambdas.VCPU_MB / 1024
    assert init.quantity == pytest.approx(gb_seconds * sum(invocations(TRICKLE).values()) / 100)
    assert read()["cold_start_ms"]["ours"] * 1000 < COLD_CPU_US < 1e6


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


def test_a_batch_has_at_most_64_buckets() -> None:
    assert lambdas.expected_buckets(1, 16) == pytest.approx(1)
    assert lambdas.expected_buckets(1000, 16) == pytest.approx(16)


def test_a_handler_with_half_a_cpu_takes_twice_as_long() -> None:
    assert lambdas.cpu_share(1769) == 1
    assert lambdas.seconds("sign", 1000, 0) == pytest.approx(0.001 * 1769 / 1024)


def test_one_command_keeps_the_results_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results.json")
    results.add({"one": 1, "two": 2})
    assert results.add({"two": 3}) == results.read() == {"one": 1, "two": 3}
