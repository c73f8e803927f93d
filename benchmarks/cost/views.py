"""What ten page views for each signature cost: behind the CDN, and at the API. Calculated from measured bytes."""

from collections.abc import Mapping
from typing import Any

from benchmarks import lambdas
from benchmarks.cost.prices import Prices
from benchmarks.cost.quantities import GB, REQUESTS, Line, Way

MILLION = 1_000_000
VIEWS = 10
# Assumptions: nobody has been here before, and a page is open for twenty seconds, so it asks for the count twice.
COUNTS = 2
# Bytes of an answer's headers. Ours have about 600, and CloudFront adds its own.
HEADERS = 800


def views(minute: Mapping[str, Any], way: Way, prices: Prices) -> dict[str, Any]:
    """Return the bill for the views of a million signatures. `minute`: what `benchmarks.edge` measured."""
    return {
        "views_per_signature": VIEWS,
        "with_cdn": _bill(_cached(minute), prices),
        "without_cdn": _bill(_direct(minute, way), prices),
    }


def _bill(lines: list[Line], prices: Prices) -> dict[str, float]:
    items = {line.item: round(prices.of(line.price, line.quantity) * MILLION, 2) for line in lines}
    return {**items, "all": round(sum(items.values()), 2)}


def requests(minute: Mapping[str, Any]) -> int:
    """Return the requests of all views of one signature."""
    return VIEWS * (int(minute["first_view_bytes"]["requests"]) + COUNTS)


def _sent(minute: Mapping[str, Any], size: str) -> float:
    """Return the gigabytes of the views of one signature."""
    bodies = VIEWS * (minute["first_view_bytes"][size] + COUNTS * minute["bytes"]["count"])
    return float(bodies + requests(minute) * HEADERS) / GB


def _cached(minute: Mapping[str, Any]) -> list[Line]:
    """Return the bill behind the CDN. It includes signing, and leaves out the few views that reach the API."""
    every = requests(minute) + len(REQUESTS)
    return [
        Line("CloudFront: requests", "cdn_request", every),
        Line("CloudFront: data out", "cdn_gb", _sent(minute, "total")),
        Line("WAF: requests", "waf_request", every),
    ]


def _direct(minute: Mapping[str, Any], way: Way) -> list[Line]:
    """Return the bill without a CDN. Assumption: a view costs as much as the confirm page, which makes one read too."""
    each = lambdas.seconds("confirm_page", way["confirm_page"]["cpu_us"], 1) * lambdas.memory_mb("confirm_page") / 1024
    return [
        Line("API Gateway: requests", "api_request", requests(minute)),
        Line("Lambda: requests", "lambda_request", requests(minute)),
        Line("Lambda: GB-seconds", "lambda_gb_second", requests(minute) * each),
        Line("data out, uncompressed", "transfer_gb", _sent(minute, "uncompressed")),
    ]
