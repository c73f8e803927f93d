"""The key schema: keys spread over buckets, contain their petition, and are distinct."""

from collections import Counter
from datetime import date
from itertools import pairwise

from hypothesis import given, strategies as st

from chalicelib.core import keys

IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(IDS, st.from_regex(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", fullmatch=True))
def test_a_signature_key_has_its_bucket_and_petition(identity: str, slug: str) -> None:
    key = keys.signature(slug, identity)
    assert key == (keys.SIGNATURES, f"{slug}#{keys.bucket_of(identity)}", identity)
    assert keys.slug_of(key.pk) == slug
    assert keys.bucket_of(identity) in keys.BUCKETS


def test_a_petition_spreads_evenly_over_its_buckets() -> None:
    identities = [f"{first_byte:02x}" + "0" * 30 for first_byte in range(256)]
    buckets = Counter(keys.bucket_of(identity) for identity in identities)
    assert set(buckets) == set(keys.BUCKETS)
    assert set(buckets.values()) == {4}


def test_no_two_kinds_of_item_share_a_key() -> None:
    day = date(2026, 11, 24)
    all_keys = [
        keys.petition("a"), keys.petition_text("a", "v"), keys.tally_shard("a", 0, day), keys.tally_head("a"),
        keys.tally_day("a", day), keys.snapshot("a"), keys.current_numbers("a", "00"), keys.access_token("a"),
        keys.signature("a", "00"),
    ]  # fmt: skip
    assert len(set(all_keys)) == len(all_keys)


def test_days_sort_as_days() -> None:
    days = [date(999, 1, 1), date(2026, 9, 30), date(2026, 10, 1), date(9999, 12, 31)]
    sort_keys = [keys.tally_day("a", day).sk for day in days]
    for earlier, later in pairwise(sort_keys):
        assert earlier < later
