"""Measure the cost of a spreadsheet's request for the counts: its reads and bytes.

The petition first has a thousand signatures, then a million. One request has the ETag of an unchanged answer.
"""

import json
from typing import Any

from benchmarks import scene
from benchmarks.calls import ORDINARY_COUNTRIES, ORDINARY_SOURCES, MeteredApp, fill
from benchmarks.worker import print_figures

FEW, MANY = 1_000, 1_000_000


def measure(endpoint: str) -> dict[str, Any]:
    """Return the figures at FEW and at MANY. Bytes are of the response body."""
    app = MeteredApp(endpoint)
    figures = {}
    for total, to_add in ((FEW, FEW), (MANY, MANY - FEW)):
        fill(app.petition, to_add, ORDINARY_COUNTRIES, ORDINARY_SOURCES)
        figures[f"at_{total}"] = _measure_requests(app, total)
    return {"staff_counts": figures}


def _measure_requests(app: MeteredApp, expected: int) -> dict[str, Any]:
    """Measure a request for the count, one for the same count with its ETag, and one for the count by source."""
    event = scene.staff_counts_event(app.petition.slug)
    first = app.handle(event)
    body = json.loads(first["body"])
    if body["confirmed"] != expected:
        raise RuntimeError(f"counted {body['confirmed']}, not {expected}")
    unchanged = app.handle(_with_header(event, "If-None-Match", first["headers"]["ETag"]), 304)
    by_source = app.handle({**event, "multiValueQueryStringParameters": {"by": ["source"]}})
    return {**_figures(first), "unchanged": _figures(unchanged), "by_source": _figures(by_source)}


def _with_header(event: dict[str, Any], header: str, content: str) -> dict[str, Any]:
    """Return a copy of the event with one more header."""
    headers = {**event["headers"], header: content}
    multi_value_headers = {name: [value] for name, value in headers.items()}
    return {**event, "headers": headers, "multiValueHeaders": multi_value_headers}


def _figures(usage: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in usage.items() if name not in ("body", "headers")}
    return {**kept, "body_bytes": len(usage["body"].encode())}


if __name__ == "__main__":
    print_figures(measure)
