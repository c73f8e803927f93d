"""Compute the bill for a million confirmed signatures, and what possible changes would save."""

from collections.abc import Mapping
from typing import Any

from benchmarks.cost.prices import Line, Prices, of_a_million
from benchmarks.cost.quantities import BUSY, GB, REQUESTS, TRICKLE, lines
from benchmarks.cost.views import views
from benchmarks.lambdas import PLATFORM_LINES

GOAL_USD = 14.0


def bill(measured: Mapping[str, Any], prices: Prices) -> dict[str, Any]:
    """Return `cost_per_million_without_ses_usd` and its parts. `measured`: the results of `make bench`."""
    items, trickle = (of_a_million(lines(measured, arrivals), prices) for arrivals in (BUSY, TRICKLE))
    cost = {
        "prices": {"region": prices.region, "dated": prices.dated, "checked": prices.checked},
        "goal_usd": GOAL_USD,
        "items": items,
        "one_at_a_time_usd": round(sum(trickle.values()), 2),
        "ses_usd": of_a_million([Line("SES", "mail", 1)], prices)["SES"],
        "would_save_usd": savings(prices),
        "views": views(measured, prices),
    }
    return {"cost_per_million_without_ses_usd": round(sum(items.values()), 2), "cost": cost}


def savings(prices: Prices) -> dict[str, float]:
    """Return how many dollars each change would save on a million signatures, if it were the only change."""
    rest, http = of_a_million([Line("rest", "api_request", 1), Line("http", "http_api_request", 1)], prices).values()
    platform = Line("platform", "log_gb", len(REQUESTS) * len(PLATFORM_LINES) / GB)
    return {
        "an HTTP API in place of the REST API": len(REQUESTS) * (rest - http),
        "the confirm page behind a function URL in place of it": rest,
        "Lambda's own log lines turned off for the three requests": of_a_million([platform], prices)["platform"],
    }


def table(figures: Mapping[str, Any]) -> list[str]:
    """Return lines to print."""
    cost, total = figures["cost"], figures["cost_per_million_without_ses_usd"]
    rows = [*cost["items"].items(), ("all without SES", total), ("SES: mails", cost["ses_usd"])]
    result = "met" if total <= cost["goal_usd"] else "MISSED"
    page_views = f"{cost['views']['views_per_signature']} page views for each signature"
    return [
        *(f"{name:<52}{usd:>9.2f}" for name, usd in rows),
        f"goal without SES: ≤ {cost['goal_usd']:g}: {result}",
        f"one at a time, without batches: {cost['one_at_a_time_usd']:.2f}",
        "would save:",
        *(f"  {name:<62}{usd:>6.2f}" for name, usd in cost["would_save_usd"].items()),
        # These are not in the total.
        f"{page_views}, behind the CDN: {cost['views']['with_cdn']['all']:.2f}",
        f"{page_views}, without it: {cost['views']['without_cdn']['all']:.2f}",
        "CloudFront's flat-rate plans, a month, WAF included, no overage:",
        *(
            f"  {name:<10}{plan['usd']:>5.0f}, enough for {plan['signatures']:,} signatures,"
            f" which cost {plan['pay_as_you_go_usd']:,.2f} without a plan"
            for name, plan in cost["views"]["flat_rate_plans"].items()
        ),
    ]
