"""Compute what ten page views for each signature cost, with and without the CDN, from measured bytes."""

from collections.abc import Mapping
from typing import Any

from benchmarks import lambdas
from benchmarks.cost.prices import MILLION, Line, Prices, of_a_million
from benchmarks.cost.quantities import GB, REQUESTS

VIEWS = 10
# Assumptions: no viewer has a cached copy, and a page is open for twenty seconds, so it requests the count twice.
COUNTS_PER_VIEW = 2
# CloudFront's plans. Their 50 TB (of the free plan: 100 GB) are enough for more signatures than their requests are.
PLANS = ("free", "pro", "business", "premium")
# Bytes of an answer's headers. Ours have about 600, and CloudFront adds its own.
HEADER_BYTES = 800


def views(measured: Mapping[str, Any], prices: Prices) -> dict[str, Any]:
    """Return the bill for the views of a million signatures, and for each plan how many signatures it is enough for."""
    view = measured["views"]
    requests = VIEWS * (view["first_view_bytes"]["requests"] + COUNTS_PER_VIEW)

    def gigabytes(size: str) -> float:
        """Return those of one signature. `size`: "total" (as sent to browsers) or "uncompressed"."""
        bodies_of_a_view = view["first_view_bytes"][size] + COUNTS_PER_VIEW * view["bytes"]["count"]
        return float(VIEWS * bodies_of_a_view + requests * HEADER_BYTES) / GB

    # With a signature's own requests, but without the few views at the API.
    at_cdn = requests + len(REQUESTS)
    with_cdn = [
        Line("CloudFront: requests", "cdn_request", at_cdn),
        Line("CloudFront: data out", "cdn_gb", gigabytes("total")),
        Line("WAF: requests", "waf_request", at_cdn),
    ]
    # Assumption: each request takes as long as the confirm page with one call.
    seconds = lambdas.seconds("confirm_page", measured["way"]["confirm_page"]["cpu_us"], calls=1)
    without_cdn = [
        Line("API Gateway: requests", "api_request", requests),
        Line("Lambda: requests", "lambda_request", requests),
        Line("Lambda: GB-seconds", "lambda_gb_second", requests * seconds * lambdas.memory_mb("confirm_page") / 1024),
        Line("data out, uncompressed", "transfer_gb", gigabytes("uncompressed")),
    ]
    bill = _with_sum(of_a_million(with_cdn, prices))
    plans = {}
    for name in PLANS:
        plan = prices.by_name[f"cdn_plan_{name}"]
        signatures = plan.per // at_cdn
        pay_as_you_go = round(signatures * bill["all"] / MILLION, 2)
        plans[name] = {"usd": plan.usd, "signatures": signatures, "pay_as_you_go_usd": pay_as_you_go}
    return {
        "views_per_signature": VIEWS,
        "with_cdn": bill,
        "without_cdn": _with_sum(of_a_million(without_cdn, prices)),
        "flat_rate_plans": plans,
    }


def _with_sum(items: dict[str, float]) -> dict[str, float]:
    return {**items, "all": round(sum(items.values()), 2)}
