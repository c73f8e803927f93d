"""The `?source=` of a link."""

import pytest

from chalicelib.core.sources import valid_source_or_none


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("bbc-news", "bbc-news"),
        ("a" * 40, "a" * 40),
        ("a" * 41, None),
        ("BBC", None),
        ("a\n", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_valid_source_reaches_the_form(source: str | None, read: str | None) -> None:
    assert valid_source_or_none(source) == read
