"""Public routes of petitions: HTML pages and JSON."""

import json
from collections.abc import Callable

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Throttled
from tests.actors import DAY, NOW, WELSH, a_published_petition, confirmed
from tests.fake_site import FakeSite

PAGE_URL = "/petitions/safe-children"
API_URL = "/api/petitions/safe-children"


def test_the_list_shows_open_petitions_with_their_counts(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, a_published_petition(fake_site.tables))
    a_published_petition(fake_site.tables, slug="hidden-draft", title="Hidden draft", state="draft")
    answer = fake_site.get("/")
    assert (answer.status_code, "Keep trafficked children safe" in answer.body.decode()) == (200, True)
    assert "<strong>1</strong> signature" in answer.body.decode()
    assert "Hidden draft" not in answer.body.decode()


def test_the_form_keeps_a_valid_source_of_the_link(fake_site: FakeSite) -> None:
    assert 'name="source" value="bbc-news"' in fake_site.get(f"{PAGE_URL}?source=bbc-news").body.decode()
    for wrong in ("BBC", "%3Cscript%3E", "", "a" * 41):
        body = fake_site.get(f"{PAGE_URL}?source={wrong}").body.decode()
        assert 'name="source"' not in body
        assert "<script>" not in body


@pytest.mark.parametrize(
    "pasted",
    [
        "safe-children.",
        "safe-children).",
        "(safe-children)",
        "safe-children%3E",
        "safe-children,",
        "Safe-Children",
        "safe-children%E2%80%9D",
    ],
)
def test_a_pasted_url_leads_to_the_petition(fake_site: FakeSite, pasted: str) -> None:
    answer = fake_site.get(f"/petitions/{pasted}?source=bbc-news&lang=cy")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{PAGE_URL}?source=bbc-news&lang=cy"


@pytest.mark.parametrize("unknown", ["...", "a.b", "safe_children", "%2F%2Fevil.example%2F"])
def test_a_url_with_an_impossible_slug_is_404(fake_site: FakeSite, unknown: str) -> None:
    assert fake_site.get(f"/petitions/{unknown}").status_code == 404


def test_the_json_follows_the_contract(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, a_published_petition(fake_site.tables, closes_at=NOW + DAY))
    forget_all()
    answer = fake_site.get(API_URL)
    assert answer.status_code == 200
    expected = {
        "slug": "safe-children",
        "title": "Keep trafficked children safe",
        "languages": ["en"],
        "text_version": a_published_petition(fake_site.tables).text_version,
        "target": "the Home Secretary",
        "state": "open",
        "goal": 10000,
        "opened_at": "2026-11-20T08:00:00Z",
        "closes_at": "2026-11-25T12:00:00Z",
        "count": 1,
    }
    assert answer.json_body.items() >= expected.items()


def test_the_json_has_what_a_page_needs_to_collect_signatures(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, updates_wording="Send <b>news</b>")
    body = fake_site.get(API_URL).json_body
    assert body["text"] == petition.text
    assert body["consents"] == [
        {"name": "sign", "wording": petition.sign_wording, "version": petition.consent_version},
        {"name": "updates", "wording": "Send <b>news</b>", "version": petition.consent_version},
    ]
    assert body["url"].endswith(PAGE_URL)
    assert body["privacy"]["notice_url"] == f"{body['url']}#privacy"
    assert (body["privacy"]["controller"], body["privacy"]["contact"]) == (petition.charity, petition.privacy_contact)
    assert f"{petition.charity} is the controller" in body["privacy"]["notice_html"]


def test_the_list_is_shown_without_numbers_while_all_counts_are_unavailable(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_published_petition(fake_site.tables)
    with monkeypatch.context() as patch:
        patch.setattr(fake_site.tables, "batch_get", failing_call(Throttled("storage")))
        body = fake_site.get("/").body.decode()
        assert ("Keep trafficked children safe" in body, "<strong>0</strong>" in body) == (True, False)
        assert fake_site.get("/api/petitions").status_code == 503
    assert fake_site.get("/api/petitions").json_body["petitions"][0]["count"] == 0


def failing_call(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_the_json_list_has_the_open_petitions_newest_first(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, a_published_petition(fake_site.tables))
    a_published_petition(fake_site.tables, slug="newer", opened_at=NOW - DAY)
    a_published_petition(fake_site.tables, slug="hidden-draft", state="draft")
    petitions = fake_site.get("/api/petitions").json_body["petitions"]
    assert [(each["slug"], each["count"]) for each in petitions] == [("newer", 0), ("safe-children", 1)]
    assert petitions[1].items() < fake_site.get(API_URL).json_body.items()


@pytest.mark.parametrize(
    ("changes", "status"), [({"state": "draft"}, 404), ({"state": "removed"}, 410), ({"opened_at": NOW + DAY}, 404)]
)
def test_hidden_petitions_get_the_same_status_on_every_route(
    fake_site: FakeSite, changes: dict[str, object], status: int
) -> None:
    a_published_petition(fake_site.tables, slug="another", **changes)
    for path in ("/petitions/another", "/petitions/another/thanks"):
        answer = fake_site.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    for path in ("/api/petitions/another", "/api/petitions/another/count"):
        answer = fake_site.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert json.loads(answer.body)["status"] == status


def test_the_form_is_shown_when_the_count_is_unavailable(fake_site: FakeSite) -> None:
    fake_site.get(PAGE_URL)
    fake_site.clock.forward(DAY)
    fake_site.tables.fail_next(Throttled("storage"))
    answer = fake_site.get(PAGE_URL)
    assert answer.status_code == 200
    assert "<form" in answer.body.decode()


def test_the_json_and_the_list_are_in_the_language_of_the_url(fake_site: FakeSite) -> None:
    petition = a_published_petition(fake_site.tables, translations={"cy": WELSH})
    forget_all()
    english, welsh = (fake_site.get(f"{API_URL}{query}").json_body for query in ("", "?lang=cy"))
    assert (english["title"], welsh["title"]) == (petition.title, WELSH["title"])
    assert [each["wording"] for each in welsh["consents"]] == [WELSH["sign_wording"], WELSH["updates_wording"]]
    assert "Hysbysiad preifatrwydd" in welsh["privacy"]["notice_html"]
    assert welsh["languages"] == ["en", "cy"]
    assert {english["text_version"], welsh["text_version"]} == {petition.text_version}
    assert WELSH["title"] in fake_site.get("/?lang=cy").body.decode()
    assert fake_site.get(f"{API_URL}?lang=xx").json_body == english
    missing = fake_site.get("/api/petitions/none?lang=cy").json_body
    assert missing["detail"] == "Nid oes deiseb yn y cyfeiriad hwn."


@pytest.mark.parametrize("path", [f"{PAGE_URL}/thanks", "/petitions/nothing", "/api/petitions/nothing", "/confirm"])
def test_thanks_and_error_responses_are_not_cached(fake_site: FakeSite, path: str) -> None:
    assert fake_site.get(path).headers["Cache-Control"] == "no-store"
