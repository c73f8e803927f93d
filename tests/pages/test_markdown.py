"""Markdown as HTML and as plain text: the allowed markup works, and no other markup becomes HTML."""

import re
from time import process_time

import pytest
from hypothesis import given, strategies as st

from chalicelib.pages.markdown import MAX_MARKS, as_html, as_text, petition_html


def test_the_usual_markdown_works() -> None:
    assert as_html("# News\n\n*One* **two**\n\n- a\n- b\n\n1. c\n\n> d") == (
        "<h4>News</h4>\n<p><em>One</em> <strong>two</strong></p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"
        "<ol>\n<li>c</li>\n</ol>\n<blockquote>\n<p>d</p>\n</blockquote>\n"
    )


def test_links_go_to_https_addresses_and_mailboxes() -> None:
    assert as_html("[Read](https://gov.example/a?b=1&c=2)") == (
        '<p><a href="https://gov.example/a?b=1&amp;c=2">Read</a></p>\n'
    )
    assert 'href="mailto:us@harbour.example"' in as_html("[Write](mailto:us@harbour.example)")
    assert 'href="https://gov.example/letter"' in as_html("See https://gov.example/letter.")


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("(https://a.example/x_y).", '(<a href="https://a.example/x_y">https://a.example/x_y</a>).'),
        ("**https://a.example**", '<strong><a href="https://a.example">https://a.example</a></strong>'),
        ("https://a.example/w_(x)", '<a href="https://a.example/w_(x)">https://a.example/w_(x)</a>'),
        ("https://a.example?b=1&c", '<a href="https://a.example?b=1&amp;c">https://a.example?b=1&amp;c</a>'),
        ("mailto:us@a.example.", '<a href="mailto:us@a.example">us@a.example</a>.'),
        ("[https://a.example](https://b.example)", '<a href="https://b.example">https://a.example</a>'),
        ("xhttps://a.example", "xhttps://a.example"),
        ("https:// a", "https:// a"),
        (f"https://{'a' * 500}", f"https://{'a' * 500}"),
    ],
)
def test_an_address_typed_with_its_scheme_becomes_a_link(typed: str, html: str) -> None:
    assert as_html(typed) == f"<p>{html}</p>\n"


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        '<img src="https://spy.example/pixel.png">',
        "![Pixel](https://spy.example/pixel.png)",
        "[a](javascript:alert(1))",
        "[a](java\nscript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](http://plain.example)",
        "[a](//evil.example)",
        "http://plain.example",
        '[a](https://x.example "\\" onmouseover=alert(1)")',
        "<https://x.example>",
    ],
)
def test_other_markup_does_not_become_html(typed: str) -> None:
    html = as_html(typed)
    for forbidden in ("<script", "<img", 'javascript:alert(1)"', 'href="data', 'href="http:', 'href="//', '" onmouse'):
        assert forbidden not in html


def test_a_petition_has_bold_lists_and_links_to_https_addresses_only() -> None:
    assert petition_html("# Why\n\n**All** of:\n- [it](https://a.example)\n- [us](mailto:us@a.example)") == (
        '<h3>Why</h3>\n<p><strong>All</strong> of:</p>\n<ul>\n<li><a href="https://a.example" rel="noreferrer">it</a>'
        "</li>\n<li>[us](mailto:us@a.example)</li>\n</ul>\n"
    )


HARD_TEXTS = {
    "asterisks": "*" * 16_384,
    "open emphasis": "*a_" * 6_000,
    "nested lists": "\n".join("  " * depth + "- a" for depth in range(130)),
    "nested in a line": "- " * 8_000,
    "a long list": "- a\n" * 5_000,
    "brackets": "[" * 20_000,
    "links": "[a](https://a.example " * 900,
    "addresses": "https://a.b " * 1_600,
    "quotes": "> " * 8_000,
    "the most brackets": "[" * MAX_MARKS + "a" * 19_000,
    "the most open emphasis": "*a_" * (MAX_MARKS // 2) + "a" * 18_000,
    "the longest list": "- a\n" * MAX_MARKS,
}


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_no_text_of_a_petition_takes_long(text: str) -> None:
    petition_html("The parser is loaded")

    def seconds() -> float:
        petition_html.cache_clear()
        before = process_time()
        petition_html(text)
        return process_time() - before

    assert any(seconds() < 0.05 for _ in range(3))


def test_too_many_marks_are_shown_as_typed() -> None:
    assert petition_html("<b>\n\n" + "*" * 1001) == f"<p>&lt;b&gt;</p>\n<p>{'*' * 1001}</p>\n"


ALLOWED_TAGS = re.compile(
    r"</?(?:p|em|strong|ul|ol|li|blockquote|h[456])>|<br>|<ol start=\"\d+\">"
    r"|</a>|<a href=\"(?:https://|mailto:)[^\"<>]*\"(?: title=\"[^\"<>]*\")?>"
)


@given(st.text("<>&\"'[]()*#-!: \nahtps/\\`", max_size=60))
def test_every_tag_is_allowed(typed: str) -> None:
    assert "<" not in ALLOWED_TAGS.sub("", as_html(typed))


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("# What she said\n\nShe said **yes**,\n*at last*.", "What she said\n\nShe said yes,\nat last."),
        ("Then:\n- one\n  more\n- two\n\nEnd", "Then:\n\n- one\n  more\n- two\n\nEnd"),
        ("3. a\n4. b\n   - c", "3. a\n4. b\n   - c"),
        ("0. a\n1. b", "0. a\n1. b"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("> One\n> two\n>\n> three", "> One\n> two\n\n> three"),
        ("[Read **it**](https://gov.example/a)", "Read it (https://gov.example/a)"),
        ("See https://gov.example/a?b=1.", "See https://gov.example/a?b=1."),
        ("[us@harbour.example](mailto:us@harbour.example)", "us@harbour.example"),
        ("[Write](mailto:us@harbour.example)", "Write (us@harbour.example)"),
        ("AT&amp;T \\* <b>", "AT&T * <b>"),
    ],
)
def test_plain_text_has_no_marks_and_keeps_the_address_of_each_link(typed: str, text: str) -> None:
    assert as_text(typed) == text
