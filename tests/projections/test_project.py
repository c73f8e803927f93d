"""Pending signatures are projected from a stream that delivers at least once."""

from hypothesis import given, strategies as st

from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import Increment, project
from tests.fakes import FakeTables
from tests.streaming import pending

SLUG = "safe-children"
CHANGES = st.lists(st.tuples(st.sampled_from(["00", "01", "03"]), st.sampled_from([1, 0, -1])), min_size=1, max_size=20)


def a_log(changes: list[tuple[str, int]]) -> list[Increment]:
    log = []
    for number, (bucket, amount) in enumerate(changes):
        log.append(pending(SLUG, bucket, f"{number:021}", amount))
    return log


def test_a_batch_of_one_bucket_is_one_write(tables: FakeTables) -> None:
    project(a_log([("00", 1)] * 10), tables)
    assert tables.calls == ["update"]


@given(CHANGES, st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), max_size=8))
def test_replays_overlaps_and_bisected_batches_count_everything_once(
    changes: list[tuple[str, int]], windows: list[tuple[int, int]]
) -> None:
    """Lambda continues only after a successful batch, and may repeat any part of it."""
    log, tables, done = a_log(changes), FakeTables(), 0
    for first, size in windows:
        start = min(first, done)
        project(log[start : start + size], tables)
        done = max(done, start + size)
    project(log[min(done, len(log)) :], tables)
    project(log, tables)
    assert pending_count(SLUG, tables) == sum(amount for _, amount in changes)
