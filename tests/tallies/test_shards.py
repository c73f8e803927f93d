"""Shards can be added at any time."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, strategies as st

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.petitions.publish import raise_shards
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension, TallyEntry
from chalicelib.tallies.store import entry_change
from tests.actors import DAY, NOW, OPENED, a_published_petition
from tests.fakes import FakeTables
from tests.tallies.test_count import count_signatures_at, head


@given(st.lists(st.tuples(st.sampled_from(["old", "new", "read", "raise"]), st.integers(0, 8)), max_size=40))
def test_raising_shards_loses_nothing_while_old_settings_are_cached(
    events: list[tuple[str, int]],
) -> None:
    """A writer caches settings for seconds. A frozen function may keep and use old settings much longer."""
    tables = FakeTables()
    old = a_published_petition(tables, shards=2)
    new, per_day, moment = old, [0] * 1000, OPENED
    for number, (act, hours) in enumerate(events):
        moment += timedelta(hours=hours)
        if act == "raise" and new is old:
            assert raise_shards(old.slug, 30, tables)
            new = petition_as_stored(old.slug, tables)
        elif act in ("old", "new"):
            petition = old if act == "old" else new
            shard = petition.shards - 1 - number % 2
            tables.update(entry_change(petition.slug, shard, TallyEntry(1, moment, "GB", "direct")))
            per_day[(moment.date() - OPENED.date()).days] += 1
        assert exact_count(old, moment, tables).confirmed == sum(per_day)
    days = breakdown(old, TallyDimension.DAY, Days(), moment + 2 * DAY, tables).values
    assert list(days.values()) == [number for number in per_day if number]


def test_a_day_is_not_closed_if_shards_were_added_after_the_read(tables: FakeTables, petition: Petition) -> None:
    """The number of shards rises between reading and closing; the next reader reads all shards."""

    class ShardsRaisedMeanwhile(FakeTables):
        def batch_get(self, wanted: Sequence[keys.Key], *, consistent: bool = False) -> list[Item]:
            found = super().batch_get(wanted, consistent=consistent)
            if petition_as_stored(petition.slug, tables).shards == petition.shards:
                raise_shards(petition.slug, 30, tables)
                self.update(entry_change(petition.slug, 29, TallyEntry(1, NOW, "GB", "direct")))
            return found

    racing_tables = ShardsRaisedMeanwhile()
    racing_tables.items = tables.items
    count_signatures_at(racing_tables, petition, NOW)
    exact_count(petition, NOW + 2 * DAY, racing_tables)
    assert head(racing_tables)["through"] < NOW.date().isoformat()
    assert exact_count(petition, NOW + 2 * DAY, racing_tables).confirmed == 2
    assert head(racing_tables)["total"] == 2
