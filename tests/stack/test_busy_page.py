"""The busy page tells the visitor what happened, in every language, and loads no other file."""

import re

from chalicelib.core.language import languages
from stack.busy_page import page, refused_page
from stack.template.busy import busy

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


def test_both_pages_load_nothing_and_keep_to_their_policy() -> None:
    """A busy site could not deliver further files either. A page that reloads itself would add to the load."""
    for html in (BUSY_PAGE, REFUSED_PAGE):
        assert not re.search(r"<script|<link|<img|<form|src=|url\(|http-equiv|@import", html)
    headers = busy()["Resources"]["BusyHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    # The form may be in a frame on another site.
    assert "frame-ancestors" not in policy
    assert headers["CustomHeadersConfig"]["Items"] == [{"Header": "Retry-After", "Value": "10", "Override": True}]
