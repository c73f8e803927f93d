"""Compute the bill for a million confirmed signatures, and what possible changes would save."""

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.cost.prices import Prices
from benchmarks.cost.quantities import BUSY, GB, REQUESTS, TRICKLE, Line, StepFigures, lines
from benchmarks.cost.views import views
from benchmarks.lambdas import PLATFORM_LINES

MILLION = 1_000_000
GOAL_USD = 14.0


def bill(
    steps: StepFigures, item_bytes: float, cold_cpu_us: float, prices: Prices, view: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `cost_per_million_without_ses_usd` and its parts. `view`: what first_view.py measured."""
    busy = lines(steps, item_bytes, cold_cpu_us, BUSY)
    trickle = lines(steps, item_bytes, cold_cpu_us, TRICKLE)
    cost = {
        "prices": {"region": prices.region, "dated": prices.dated, "checked": prices.checked},
        "goal_usd": GOAL_USD,
        "items": {line.item: _usd([line], prices) for line in busy},
        "one_at_a_time_usd": _usd(trickle, prices),
        "ses_usd": _usd([Line("SES: mails", "mail", 1)], prices),
        "would_save_usd": savings(prices),
        "views": views(view, steps, prices),
    }
    return {"cost_per_million_without_ses_usd": _usd(busy, prices), "cost": cost}


def savings(prices: Prices) -> dict[str, float]:
    """Return how many dollars each change would save on a million signatures, if it were the only change."""
    usd_per_rest_request = prices.of("api_request", 1)
    saved_per_request = usd_per_rest_request - prices.of("http_api_request", 1)
    platform_gb = len(REQUESTS) * len(PLATFORM_LINES) / GB
    usd_per_signature = {
        "an HTTP API in place of the REST API": len(REQUESTS) * saved_per_request,
        "the confirm page behind a function URL in place of it": usd_per_rest_request,
        "Lambda's own log lines turned off for the three requests": prices.of("log_gb", platform_gb),
    }
    return {name: round(usd * MILLION, 2) for name, usd in usd_per_signature.items()}


def _usd(bill_lines: Iterable[Line], prices: Prices) -> float:
    usd_per_signature = sum(prices.of(line.price, line.quantity) for line in bill_lines)
    return round(usd_per_signature * MILLION, 2)


def table(figures: Mapping[str, Any]) -> list[str]:
    """Return lines to print."""
    cost = figures["cost"]
    total = figures["cost_per_million_without_ses_usd"]
    rows = [*cost["items"].items(), ("all without SES", total), ("SES: mails", cost["ses_usd"])]
    result = "met" if total <= cost["goal_usd"] else "MISSED"
    return [
        *(f"{name:<52}{usd:>9.2f}" for name, usd in rows),
        f"goal without SES: ≤ {cost['goal_usd']:g}: {result}",
        f"one at a time, without batches: {cost['one_at_a_time_usd']:.2f}",
        "would save:",
        *(f"  {name:<62}{usd:>6.2f}" for name, usd in cost["would_save_usd"].items()),
        *_view_lines(cost["views"]),
    ]


def _view_lines(views_cost: Mapping[str, Any]) -> list[str]:
    """Return lines for the page views, which are not in the total."""
    page_views = f"{views_cost['views_per_signature']} page views for each signature"
    return [
        f"{page_views}, behind the CDN: {views_cost['with_cdn']['all']:.2f}",
        f"{page_views}, without it: {views_cost['without_cdn']['all']:.2f}",
        "CloudFront's flat-rate plans, a month, WAF included, no overage:",
        *(
            f"  {name:<10}{plan['usd']:>5.0f}, enough for {plan['signatures']:,} signatures,"
            f" which cost {plan['pay_as_you_go_usd']:,.2f} without a plan"
            for name, plan in views_cost["flat_rate_plans"].items()
        ),
    ]
