"""Meter the AWS calls and capacity units of signing, confirming and reading the count, with real handlers.

The tally is the count of a petition's confirmed signatures. Each day of it is stored in several items (shards).
"""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import boto3

from benchmarks import scene
from benchmarks.meter import Meter, Usage
from benchmarks.sizes import item_bytes
from benchmarks.worker import print_figures
from chalicelib.aws.expressions import to_wire
from chalicelib.aws.table import tables
from chalicelib.core import keys, times
from chalicelib.core.address import signature_id
from chalicelib.core.countries import countries
from chalicelib.core.settings import table_variable
from chalicelib.petitions.edit import publish
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from chalicelib.tallies.model import MAX_SOURCES, TallyEntry
from chalicelib.tallies.public import FRESH_FOR
from chalicelib.tallies.store import entry_change
from stack.template.merge import merge_template
from stack.template.tables import table_id

FEW, MANY = 10, 100_000
TABLE_PROPERTIES = ("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes")


class MeteredApp:
    """The application in this process, with one petition, on the emulator. It meters each request."""

    def __init__(self, endpoint: str) -> None:
        os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "AWS_ENDPOINT_URL": endpoint}
        boto3.setup_default_session()
        self._meter = Meter(boto3.DEFAULT_SESSION.events)  # type: ignore[union-attr]
        create_tables()
        self._clock_offset = timedelta()
        self.petition = scene.sample_petition()
        publish(self.petition, times.now(), tables())

    def handle(self, event: dict[str, Any], status: int = 200) -> dict[str, Any]:
        """Meter one request. Raise RuntimeError unless its status is `status`: a failed request would look cheap."""
        from app import app

        with self.meter_block() as usage:
            response = app(event, None)
        if response["statusCode"] != status:
            raise RuntimeError(f"{event['resource']} answered {response['statusCode']}")
        return {**usage.as_figures(), "body": response["body"], "headers": response["headers"]}

    def meter_block(self) -> AbstractContextManager[Usage]:
        """Meter a block that does something other than a request."""
        return self._meter.meter_block()

    def sign(self, supporter: str) -> dict[str, Any]:
        return self.handle(scene.sign_event(self.petition.slug, supporter), 202)

    def confirm(self, supporter: str) -> dict[str, Any]:
        return self.handle(scene.confirm_event(self.petition.slug, self.id_of(supporter)))

    def get_count(self) -> dict[str, Any]:
        return self.handle(scene.count_event(self.petition.slug))

    @contextmanager
    def stale_snapshots(self) -> Iterator[None]:
        """Move the clock forward in the block, so that the stored count (the snapshot) is stale there.

        Each block moves it further, because the block before has stored a new snapshot.
        """
        self._clock_offset += FRESH_FOR + timedelta(seconds=1)
        moment = times.now() + self._clock_offset
        with mock.patch("chalicelib.core.times.now", return_value=moment):
            yield

    def id_of(self, supporter: str) -> str:
        return signature_id(self.petition.slug, f"{supporter}@example.org", scene.SECRET)


def measure(endpoint: str) -> dict[str, Any]:
    """Measure in a warm process: its clients are built, and the petition is cached."""
    app = MeteredApp(endpoint)
    supporters = [f"supporter-{number}" for number in range(FEW)]
    for supporter in supporters[1:]:
        app.sign(supporter)
    sign = _measure_signing(app, supporters[0])
    for supporter in supporters[1:]:
        app.confirm(supporter)
    confirm = _measure_confirming(app, supporters[0])
    count_few = _measure_counting(app, FEW)
    count = {f"at_{FEW}": count_few}
    fill(app.petition, MANY - FEW)
    count[f"at_{MANY}"] = _measure_counting(app, MANY)
    confirm[f"at_{MANY}"] = _measure_confirming_among_many(app, "late")
    return _without_bodies({"sign": sign, "confirm": confirm, "count": {**count_few, **count}})


def _measure_signing(app: MeteredApp, supporter: str) -> dict[str, Any]:
    new = app.sign(supporter)
    stored = stored_item(keys.signature(app.petition.slug, app.id_of(supporter)))
    again = app.sign(supporter)
    forget_petitions()
    uncached = app.sign("not-cached")
    return {**new, "item_bytes": item_bytes(stored), "duplicate": again, "petition_not_cached": uncached}


def _measure_confirming(app: MeteredApp, supporter: str) -> dict[str, Any]:
    return {**app.confirm(supporter), "again": app.confirm(supporter)}


def _measure_confirming_among_many(app: MeteredApp, supporter: str) -> dict[str, Any]:
    app.sign(supporter)
    confirmed = app.confirm(supporter)
    today = times.now().date()
    sizes = []
    for shard in range(app.petition.shards):
        stored = stored_item(keys.tally_shard(app.petition.slug, shard, today))
        sizes.append(item_bytes(stored))
    return {**confirmed, "largest_tally_item_bytes": max(sizes)}


def _measure_counting(app: MeteredApp, expected: int) -> dict[str, Any]:
    """Measure two requests that the CDN passes on: the first refreshes a stale snapshot, the second finds it fresh."""
    with app.stale_snapshots():
        refresh = app.get_count()
        miss = app.get_count()
    counted = json.loads(miss["body"])["count"]
    if counted != expected:
        raise RuntimeError(f"counted {counted}, not {expected}")
    return {**miss, "refresh": refresh}


def fill(petition: Petition, amount: int) -> None:
    """Add `amount` confirmations of today to the tally. Write as the application does, but several in one write.

    The tally becomes the widest: it has all countries, and as many sources as a shard stores.
    """
    newsletters = [f"newsletter-{number:02}" for number in range(1, MAX_SOURCES)]
    entries = list(_entries([*countries()], [scene.SOURCE, *newsletters]))
    writes = [(shard, entry) for entry in entries for shard in range(petition.shards)]
    amount_each, remainder = divmod(amount, len(writes))
    for number, (shard, entry) in enumerate(writes):
        # The first writes also share the remainder.
        amount_here = amount_each + 1 if number < remainder else amount_each
        increment = TallyEntry(amount_here, entry.moment, entry.country, entry.source)
        tables().update(entry_change(petition.slug, shard, increment))


def _entries(codes: list[str], sources: list[str]) -> Iterator[TallyEntry]:
    """Yield entries of one confirmation each, in which every hour, country and source occurs."""
    midnight = datetime.combine(times.now().date(), datetime.min.time(), UTC)
    for number in range(max(24, len(codes), len(sources))):
        moment = midnight + timedelta(hours=number % 24)
        country = codes[number % len(codes)]
        source = sources[number % len(sources)]
        yield TallyEntry(1, moment, country, source)


def stored_item(key: keys.Key) -> dict[str, Any]:
    """Return the item in DynamoDB's wire format; empty if it is missing."""
    item = tables().get(key, consistent=True) or {}
    return to_wire(item)


def create_tables() -> None:
    """Create the tables as the template declares them. A write to an index costs units too, so indexes must exist."""
    declared = merge_template()["Resources"]
    client: Any = boto3.client("dynamodb")
    for table in keys.TABLES:
        properties = declared[table_id(table)]["Properties"]
        kept = {name: properties[name] for name in TABLE_PROPERTIES if name in properties}
        client.create_table(TableName=scene.SETTINGS[table_variable(table)], **kept)


def _without_bodies(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures without the responses' bodies and headers, at every level."""
    kept = {}
    for name, value in figures.items():
        if name in ("body", "headers"):
            continue
        kept[name] = _without_bodies(value) if isinstance(value, dict) else value
    return kept


if __name__ == "__main__":
    print_figures(measure)
