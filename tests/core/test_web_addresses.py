"""Web addresses are found as an email program or a reader finds them, in any script."""

import time

import pytest

from chalicelib.core import web_addresses as module
from chalicelib.core.web_addresses import links_in, web_addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pay now at казино.рф,", ["казино.рф"]),
        ("evil。com and x．ai", ["evil.com", "x.ai"]),
        ("a@evil.de", ["a@evil.de"]),
        ("Prof.dr.Schmidt", ["Prof.dr.Schmidt"]),
        ("Prof.dr.Schmidt evil.invalid", ["Prof.dr.Schmidt", "evil.invalid"]),
        ("e\u200dvil.c\u200dom", ["evil.com"]),
        ("a" * 100 + "|evil.com", ["evil.com"]),
        ("(see “evil.com”)", ["evil.com"]),
        ("evil.com👍 ❤.com", ["evil.com👍", "❤.com"]),
        ("भारत.भारत", ["भारत.भारत"]),
        ("XN--P1AI", ["XN--P1AI"]),
        ("evil.ćom evil.co\u1e3f", ["evil.ćom", "evil.co\u1e3f"]),
        ("evil.сом", ["evil.сом"]),  # Cyrillic letters.
        ("1.2.3.4/x", ["1.2.3.4/x"]),
        ("evil.com-", ["evil.com"]),
        ("evil.com\ufe0f evil.\ufe0fcom", ["evil.com\ufe0f", "evil.\ufe0fcom"]),
        ("evil.com\u3164", ["evil.com\u1160"]),
        ("evil.com\u2122", ["evil.com"]),
        ("\u24d4vil.\u24d2\u24de\u24dc", ["evil.com"]),
        ("van.der.Berg", []),
        ("St. John", []),
        ("Alice", []),
    ],
)
def test_web_addresses_are_found(text: str, found: list[str]) -> None:
    assert web_addresses(text) == found


def test_a_text_with_addresses_is_not_prose() -> None:
    assert links_in("data:text/html,x javascript:alert(1) 1.2.3.4:80 evil.ćom") == {
        "data:text/html,x", "javascript:alert(1", "1.2.3.4:80", "evil.ćom",
    }  # fmt: skip


def test_prose_has_no_addresses() -> None:
    assert (
        links_in("At 10:30, e.g. in §1.2.3.4 and/or 24.12/25.12: 你好。我们很好。 Signed,J.R.R. Tolkien,Ph.D.") == set()
    )


def test_text_without_a_dot_does_not_load_the_list_of_domains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading it would slow the cold start of signing."""
    monkeypatch.setattr(module, "_top_level_domains", None)
    assert web_addresses("Zoë O'Neill") == []


@pytest.mark.parametrize("hard", ["|a.", "www.xn--", "xn--⒈", "a.", "1.", "a.a/", "ć.", "。a"])
def test_a_long_text_is_searched_at_once(hard: str) -> None:
    """The search of a library took 15 s of 150 characters, on a public route."""
    links_in("a.b")  # Load the list of domains.
    began = time.thread_time()
    links_in(hard * 3_000)
    assert time.thread_time() - began < 0.5
