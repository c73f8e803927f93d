"""Answers that are pages: their headers, links and errors."""

from chalicelib.edge.html import POLICY
from tests.actors import ORIGIN_KEYS, SITE
from tests.fake_site import FakeSite


def test_a_page_runs_no_inline_and_no_foreign_scripts() -> None:
    directives: dict[str, str] = {}
    for directive in POLICY.split("; "):
        name, value = directive.split(" ", 1)
        directives[name] = value
    assert directives["default-src"] == directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert directives["script-src"] == directives["form-action"] == directives["style-src"] == "'self'"
    assert "unsafe" not in POLICY


def test_a_page_has_content_type_and_security_policy(fake_site: FakeSite) -> None:
    headers = fake_site.get("/petitions/safe-children").headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"] == POLICY


def test_links_of_a_page_have_the_prefix_and_shared_links_the_sites_address(fake_site: FakeSite) -> None:
    through_cdn = {"x_forwarded_prefix": "/prod", "x_origin_verify": ORIGIN_KEYS["OriginKey"]}
    body = fake_site.get("/petitions/safe-children", **through_cdn).body.decode()
    assert 'action="/prod/petitions/safe-children/signatures"' in body
    assert f'href="{SITE}/petitions/safe-children"' in body
