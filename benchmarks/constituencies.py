"""Measure the cost of projecting (counting) one confirmation, and of reading the numbers of all constituencies.

A petition's signatures are in 64 buckets, and each bucket has its own counter items. From the start, these have a
number for each of the 650 constituencies, under its official code. So with more signatures, only the numbers grow: from
1 each (41,600 confirmations) to a million confirmations in all.
"""

import json
from collections import defaultdict
from typing import Any
from unittest import mock

from benchmarks import scene
from benchmarks.calls import MeteredApp, stored_item
from benchmarks.sizes import item_bytes
from benchmarks.worker import print_figures
from chalicelib.aws.table import tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.projections.by_constituency import counter_of
from chalicelib.projections.dimensions import CONSTITUENCY_PREFIX
from chalicelib.projections.project import Increment, project

FEW, MANY = 1_000, 1_000_000
CODES = [f"E14{number:06}" for number in range(1063, 1713)]


def measure(endpoint: str) -> dict[str, Any]:
    app = MeteredApp(endpoint)
    figures = {}
    for number, confirmed in enumerate((FEW, MANY)):
        # The sequence numbers must rise, or the changes are skipped: 00 and 01, then 10 and 11.
        fill_sequence, project_sequence = f"{number}0", f"{number}1"
        _fill(app.petition.slug, confirmed, fill_sequence)
        figures[f"at_{confirmed}"] = {
            "read": _measure_read(app),
            "project_one": _measure_projection(app, project_sequence),
        }
    return {"constituencies": figures}


def _fill(slug: str, confirmed: int, sequence: str) -> None:
    """Add confirmations evenly: at least one for each bucket and constituency. Write each counter item only once.

    The worker of the stream makes the same changes. `sequence`: the sequence number of the stream record. A counter
    item skips a sequence number that is not later than its last one.
    """
    count_each = max(1, confirmed // len(CODES) // len(keys.BUCKETS))
    for bucket in keys.BUCKETS:
        counters: dict[Key, dict[str, int]] = defaultdict(dict)
        for code in CODES:
            counter = counter_of(slug, bucket, code)
            counters[counter][CONSTITUENCY_PREFIX + code] = count_each
        increments = [Increment(counter, sequence, numbers) for counter, numbers in counters.items()]
        project(increments, tables())


def _measure_read(app: MeteredApp) -> dict[str, Any]:
    """Measure a request for the numbers. Raise RuntimeError unless every constituency is in the response."""
    event = scene.staff_constituencies_event(app.petition.slug)
    with mock.patch("chalicelib.projections.api.has_constituencies", return_value=True):
        usage = app.handle(event)
    body = usage.pop("body")
    del usage["headers"]
    found = {row["key"] for row in json.loads(body)["breakdown"]}
    missing = set(CODES) - found
    if missing:
        raise RuntimeError(f"only {len(found)} constituencies are in the response")
    return {**usage, "answer_bytes": len(body)}


def _measure_projection(app: MeteredApp, sequence: str) -> dict[str, Any]:
    """Measure the most expensive case: a change of the largest counter item, alone in its batch."""
    slug, bucket = app.petition.slug, keys.BUCKETS[0]
    sizes = {}
    for code in CODES:
        counter = stored_item(counter_of(slug, bucket, code))
        sizes[code] = item_bytes(counter)
    code_in_largest = max(sizes, key=lambda code: sizes[code])
    change = {CONSTITUENCY_PREFIX + code_in_largest: 1}
    increment = Increment(counter_of(slug, bucket, code_in_largest), sequence, change)
    with app.meter_block() as usage:
        project([increment], tables())
    return {**usage.as_figures(), "largest_item_bytes": sizes[code_in_largest]}


if __name__ == "__main__":
    print_figures(measure)
