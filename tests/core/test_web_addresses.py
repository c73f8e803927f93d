"""Web addresses are found as an email program finds them, in any script."""

import sys
import time

import pytest

from chalicelib.core.web_addresses import links_in, web_addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pay now at казино.рф,", ["казино.рф"]),
        ("evil。com and x．ai", ["evil.com", "x.ai"]),
        ("a@evil.de", ["a@evil.de"]),
        ("Prof.dr.Schmidt", ["Prof.dr.Schmidt"]),
        ("Prof.dr.Schmidt evil.invalid", ["Prof.dr.Schmidt", ".invalid"]),
        ("e\u200dvil.c\u200dom", ["evil.com"]),
        ("a" * 100 + "|evil.com", ["evil.com"]),
        ("van.der.Berg", []),
        ("St. John", []),
        ("Alice", []),
    ],
)
def test_web_addresses_are_found(text: str, found: list[str]) -> None:
    assert web_addresses(text) == found


def test_text_without_a_dot_does_not_load_the_linkifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading it would slow the cold start of signing."""
    monkeypatch.setitem(sys.modules, "linkify_it", None)
    assert web_addresses("Zoë O'Neill") == []


def test_a_long_text_of_separators_is_searched_at_once() -> None:
    """Its search took twelve seconds, on a public route."""
    began = time.process_time()
    assert links_in("|a." * 1_000) == set()
    assert time.process_time() - began < 1
