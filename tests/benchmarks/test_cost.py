"""The bill: every row has a price with a source, and the sums are correct."""

from typing import Any

import pytest

from benchmarks import lambdas
from benchmarks.cost.bill import bill
from benchmarks.cost.prices import prices
from benchmarks.cost.quantities import BUSY, TRICKLE, billed_seconds, invocations, lines, projected_writes
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
