"""The tally's part of a confirmation."""

from chalicelib.core import keys
from chalicelib.tallies.enter import tally_change
from chalicelib.tallies.model import TallyEntry
from chalicelib.tallies.open import open_tally
from tests.actors import DAY, NOW, OPENED
from tests.fakes import FakeTables

ENTRY = TallyEntry(1, NOW, "GB", "bbc")


def test_entries_use_every_shard() -> None:
    used = {tally_change("safe-children", 4, ENTRY).key for _ in range(300)}
    assert used == {keys.tally_shard("safe-children", shard, NOW.date()) for shard in range(4)}


def test_a_subtraction_is_not_limited_by_the_number_of_sources() -> None:
    assert tally_change("safe-children", 1, TallyEntry(-1, NOW, "GB", "bbc")).when is None


def test_opening_a_tally_again_changes_nothing(tables: FakeTables) -> None:
    open_tally("safe-children", 3, OPENED, tables)
    tables.items[keys.tally_head("safe-children")]["total"] = 7
    tables.items[keys.snapshot("safe-children")]["count"] = 7
    open_tally("safe-children", 3, NOW + DAY, tables)
    assert tables.items[keys.tally_head("safe-children")] == {
        "pk": "TALLY#safe-children",
        "sk": "HEAD",
        "through": "2026-11-19",
        "total": 7,
        "shards": 3,
        "began": "2026-11-20",
    }
    assert tables.items[keys.snapshot("safe-children")]["count"] == 7
