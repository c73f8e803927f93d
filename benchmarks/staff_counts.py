"""The cost of a spreadsheet's request: reads and bytes at a thousand and at a million, and when nothing has changed."""

import json
from typing import Any

from benchmarks import scene
from benchmarks.calls import ORDINARY_COUNTRIES, ORDINARY_SOURCES, Stage, fill
from benchmarks.worker import answer

FEW, MANY = 1_000, 1_000_000


def measure(endpoint: str) -> dict[str, Any]:
    """Add confirmations in steps larger than one, as for the public count. Bytes are of the response body."""
    stage, figures = Stage(endpoint), {}
    for number, more in ((FEW, FEW), (MANY, MANY - FEW)):
        fill(stage.petition, more, ORDINARY_COUNTRIES, ORDINARY_SOURCES)
        figures[f"at_{number}"] = _requested(stage, number)
    return {"staff_counts": figures}


def _requested(stage: Stage, expected: int) -> dict[str, Any]:
    """Request the number, then the number with its ETag, then the number by source."""
    event = scene.staff_counts_event(stage.petition.slug)
    first = stage.act(event)
    body = json.loads(first["body"])
    if body["confirmed"] != expected:
        raise RuntimeError(f"counted {body['confirmed']}, not {expected}")
    known = {**event, "headers": {**event["headers"], "If-None-Match": first["headers"]["ETag"]}}
    unchanged = stage.act(_with_multi(known), 304)
    by_source = stage.act({**event, "multiValueQueryStringParameters": {"by": ["source"]}})
    return {**_figures(first), "unchanged": _figures(unchanged), "by_source": _figures(by_source)}


def _with_multi(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "multiValueHeaders": {name: [value] for name, value in event["headers"].items()}}


def _figures(spent: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in spent.items() if name not in ("body", "headers")}
    return {**kept, "body_bytes": len(spent["body"].encode())}


if __name__ == "__main__":
    answer(measure)
