"""A petition for the dashboard tests, with nine days of confirmations written directly into its tally."""

import tempfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from chalicelib.aws.expressions import Change
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.tallies.count import open_tally
from chalicelib.tallies.model import BREAKDOWNS, Tally, attributes_of
from stack.aws import Cloud
from tests.site import DeployedSite

SLUG = "clean-the-river"
TITLE = "Clean the river that our children swim in"
DAYS = 9
COUNTRIES = {"GB": 82, "IE": 6, "DE": 4, "FR": 3, "US": 2, "ES": 1, "NL": 1, "PL": 1}
SOURCES = {"evening-news": 50, "direct": 30, "newsletter": 15, "partner-rivers": 5}
PETITION_TOML = f"""
slug = "{SLUG}"
title = "{TITLE}"
charity = "Harbour for Children"
target = "the water company"
goal = 50000
opened_at = 2026-01-01T09:00:00Z
privacy_contact = "privacy@harbour.example"
summary = "The river is not safe. Make it safe by the summer."
text = "We ask the water company to stop the overflows into our river."
sign_wording = "I sign, and my name may be handed over."
updates_wording = "Send me news."
"""


def create_petition_with_past_days(site: DeployedSite) -> int:
    """Create the petition and return its count. Open the tally first, so that it starts before the past days."""
    today, tables = datetime.now(UTC), tables_of(site)
    open_tally(SLUG, 10, today - timedelta(days=DAYS), tables)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{SLUG}.toml")
        file.write_text(PETITION_TOML, encoding="utf-8")
        site.stack.manage("petition", "load", str(file))
    count = 0
    for back in range(1, DAYS):
        day = today.date() - timedelta(days=back)
        # More than on the day before, and most in the evening.
        tally = _tally({f"{hour:02}": (DAYS - back) * 2 * hour for hour in range(24)})
        _add_tally(day, tally, tables)
        count += tally.total
    return count


def add_confirmations(site: DeployedSite, amount: int) -> None:
    """Add `amount` confirmations now, while a page is open."""
    now = datetime.now(UTC)
    _add_tally(now.date(), _tally({f"{now:%H}": amount}), tables_of(site))


def tables_of(site: DeployedSite) -> Tables:
    client = Cloud(site.stack.endpoint).client("dynamodb")
    return Tables(client, {keys.COUNTS: site.stack.settings["COUNTS_TABLE"]})


def _add_tally(day: date, tally: Tally, tables: Tables) -> None:
    attributes = attributes_of(tally)
    breakdowns = attributes.pop(BREAKDOWNS)  # In a shard, these numbers are attributes of their own.
    tables.update(Change(keys.tally_shard(SLUG, 0, day), add={**attributes, **breakdowns}))


def _tally(hours: dict[str, int]) -> Tally:
    total = sum(hours.values())
    return Tally(total, Counter(hours), _split(COUNTRIES, total), _split(SOURCES, total))


def _split(percent: dict[str, int], total: int) -> Counter[str]:
    """Split `total` by percent. The first key gets the rounding difference, so that the sum is exact."""
    first, *rest_names = percent
    rest = {name: total * percent[name] // 100 for name in rest_names}
    return Counter({first: total - sum(rest.values()), **rest})
