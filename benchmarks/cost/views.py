"""Compute what ten page views for each signature cost, with and without the CDN, from measured bytes."""

from collections.abc import Mapping
from typing import Any

from benchmarks import lambdas
from benchmarks.cost.prices import Prices
from benchmarks.cost.quantities import GB, REQUESTS, Line, StepFigures

MILLION = 1_000_000
VIEWS = 10
# Assumptions: no viewer has a cached copy, and a page is open for twenty seconds, so it requests the count twice.
COUNTS_PER_VIEW = 2
PLANS = ("free", "pro", "business", "premium")
# Bytes of an answer's headers. Ours have about 600, and CloudFront adds its own.
HEADER_BYTES = 800


def views(view: Mapping[str, Any], steps: StepFigures, prices: Prices) -> dict[str, Any]:
    """Return the bill for the views of a million signatures. `view`: what first_view.py measured."""
    return {
        "views_per_signature": VIEWS,
        "with_cdn": _bill(_lines_with_cdn(view), prices),
        "without_cdn": _bill(_lines_without_cdn(view, steps), prices),
        "flat_rate_plans": flat_rate_plans(view, prices),
    }


def flat_rate_plans(view: Mapping[str, Any], prices: Prices) -> dict[str, dict[str, float]]:
    """Return for each plan of CloudFront its price a month, the signatures for which its requests are enough, and their
    price without the plan. The plans' 50 TB (of the free plan: 100 GB) are enough for more.
    """
    requests = requests_per_signature(view) + len(REQUESTS)
    usd_per_signature = _bill(_lines_with_cdn(view), prices)["all"] / MILLION
    plans = {}
    for name in PLANS:
        plan = prices.by_name[f"cdn_plan_{name}"]
        signatures = plan.per // requests
        pay_as_you_go = round(signatures * usd_per_signature, 2)
        plans[name] = {"usd": plan.usd, "signatures": signatures, "pay_as_you_go_usd": pay_as_you_go}
    return plans


def _bill(lines: list[Line], prices: Prices) -> dict[str, float]:
    items = {}
    for line in lines:
        usd_per_signature = prices.of(line.price, line.quantity)
        items[line.item] = round(usd_per_signature * MILLION, 2)
    return {**items, "all": round(sum(items.values()), 2)}


def requests_per_signature(view: Mapping[str, Any]) -> int:
    """Return the requests of all views of one signature."""
    return VIEWS * (int(view["first_view_bytes"]["requests"]) + COUNTS_PER_VIEW)


def _gigabytes(view: Mapping[str, Any], size: str) -> float:
    """Return the gigabytes of the views of one signature. `size`: "total" (as sent to browsers) or "uncompressed"."""
    bodies_of_a_view = view["first_view_bytes"][size] + COUNTS_PER_VIEW * view["bytes"]["count"]
    headers = requests_per_signature(view) * HEADER_BYTES
    return float(VIEWS * bodies_of_a_view + headers) / GB


def _lines_with_cdn(view: Mapping[str, Any]) -> list[Line]:
    """Return the bill with the CDN. It includes a signature's own requests, but not the few views at the API."""
    all_requests = requests_per_signature(view) + len(REQUESTS)
    return [
        Line("CloudFront: requests", "cdn_request", all_requests),
        Line("CloudFront: data out", "cdn_gb", _gigabytes(view, "total")),
        Line("WAF: requests", "waf_request", all_requests),
    ]


def _lines_without_cdn(view: Mapping[str, Any], steps: StepFigures) -> list[Line]:
    """Return the bill without the CDN. Assumption: each request takes as long as the confirm page with one call."""
    seconds = lambdas.seconds("confirm_page", steps["confirm_page"]["cpu_us"], calls=1)
    gb_seconds = seconds * lambdas.memory_mb("confirm_page") / 1024
    requests = requests_per_signature(view)
    return [
        Line("API Gateway: requests", "api_request", requests),
        Line("Lambda: requests", "lambda_request", requests),
        Line("Lambda: GB-seconds", "lambda_gb_second", requests * gb_seconds),
        Line("data out, uncompressed", "transfer_gb", _gigabytes(view, "uncompressed")),
    ]
