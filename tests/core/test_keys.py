"""The key schema: keys spread over buckets, contain their petition, and are distinct."""

from collections import Counter

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
    assert set(buckets.values()) == {256 // len(keys.BUCKETS)}
