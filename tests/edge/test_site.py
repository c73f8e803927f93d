"""Assets and health, and the headers and links of pages."""

import re

import pytest

from chalicelib.core.errors import Throttled
from chalicelib.edge.html import POLICY
from chalicelib.pages.render import asset_url, dashboard_version
from stack.paths import ROOT
from tests.actors import ORIGIN_KEYS, SITE
from tests.fake_site import FakeSite


@pytest.mark.parametrize("name", ["site.css", "petition.js", "icon.svg"])
def test_an_asset_is_cached_for_a_year(fake_site: FakeSite, name: str) -> None:
    answer = fake_site.get(asset_url(name, base=""))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    again = fake_site.get(asset_url(name, base=""), if_none_match=answer.headers["ETag"])
    assert (again.status_code, again.body) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert again.headers["Content-Type"] == answer.headers["Content-Type"], "API Gateway would add application/json"


@pytest.mark.parametrize("query", ["", "?v=", "?v=00000000"])
def test_an_asset_is_cached_only_under_its_version(fake_site: FakeSite, query: str) -> None:
    """Otherwise a request for the new address before the release would make a CDN cache the old file for a year."""
    for if_none_match in ("", "*"):
        answer = fake_site.get(f"/assets/site.css{query}", if_none_match=if_none_match)
        assert answer.headers["Cache-Control"] == "no-store"


def test_dashboard_files_are_cached_only_under_their_version(fake_site: FakeSite) -> None:
    """Otherwise a browser with an old page would cache the new file under the old address."""
    now = fake_site.get(f"/assets/staff/{dashboard_version()}/app.js")
    before = fake_site.get("/assets/staff/00000000/app.js")
    assert (now.status_code, before.status_code, now.body) == (200, 200, before.body)
    assert "immutable" in now.headers["Cache-Control"]
    assert before.headers["Cache-Control"] == "no-store"


def test_health_says_the_newest_version_of_the_changelog(fake_site: FakeSite) -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert newest
    assert fake_site.get("/health").json_body["version"] == newest[1]


def test_health_is_503_when_a_table_does_not_answer(fake_site: FakeSite) -> None:
    fake_site.tables.fail_next(Throttled("storage"))
    assert fake_site.get("/health").status_code == 503


@pytest.mark.parametrize("queue", ["queue", "other_queue", "overflow"])
def test_health_is_503_when_a_queue_does_not_answer(
    fake_site: FakeSite, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise Throttled("queue")

    monkeypatch.setattr(getattr(fake_site, queue), "check", refuse)
    assert fake_site.get("/health").status_code == 503


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
