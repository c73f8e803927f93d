"""Assets, the description of the API, and health."""

import re

import pytest

from chalicelib.core.errors import Throttled
from chalicelib.pages.render import asset_url, dashboard_version
from stack.paths import ROOT
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


@pytest.mark.parametrize("name", ["nothing.css", "..%2fsettings.py", "render.py", "SITE.CSS"])
def test_a_name_that_is_not_an_asset_is_404(fake_site: FakeSite, name: str) -> None:
    assert fake_site.get(f"/assets/{name}").status_code == 404


def test_health_is_ok_when_tables_and_queues_answer(fake_site: FakeSite) -> None:
    assert fake_site.get("/health").status_code == 200


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
