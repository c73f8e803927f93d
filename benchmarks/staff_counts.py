"""What a spreadsheet's question costs: reads and bytes at a thousand and at a million, and when nothing has changed."""

import json
from typing import Any

from benchmarks import scene
from benchmarks.calls import ORDINARY_COUNTRIES, ORDINARY_SOURCES, Stage, fill
from benchmarks.worker import answer

FEW, MANY = 1_000, 1_000_000


def measure(endpoint: str) -> dict[str, Any]:
    """The confirmed are added in larger steps, as for the public count; bytes are those of the answer's body."""
    stage, figures = Stage(endpoint), {}
    for number, more in ((FEW, FEW), (MANY, MANY - FEW)):
        fill(stage.petition, more, ORDINARY_COUNTRIES, ORDINARY_SOURCES)
        figures[f"at_{number}"] = _asked(stage, number)
    return {"staff_counts": figures}


def _asked(stage: Stage, expected: int) -> dict[str, Any]:
    """The number, then the same with the ETag of a spreadsheet that has it, then the number by source."""
    event = scene.staff_counts_event(stage.petition.slug)
    first = stage.act(event)
    told = json.loads(first["body"])
    if told["confirmed"] != expected:
        raise RuntimeError(f"counted {told['confirmed']}, not {expected}")
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
