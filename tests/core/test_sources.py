"""What a link may say of where somebody came from."""

import pytest

from chalicelib.core.sources import known_source


@pytest.mark.parametrize(
    ("source", "kept"),
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
def test_only_a_source_that_could_be_posted_is_handed_to_the_form(source: str | None, kept: str | None) -> None:
    assert known_source(source) == kept
