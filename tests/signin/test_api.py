"""Sign-in over HTTP, end to end with a fake provider."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.settings import settings
from chalicelib.staff.audit.record import entries
from chalicelib.staff.tokens import UnknownToken, recognise
from tests.actors import DAY, NOW
from tests.fake_site import FakeSite
from tests.signin.fake_provider import CLIENT, NONCE, FakeProvider

SIGN_IN_BODY = {"code_challenge": "c" * 43, "state": "s" * 43, "nonce": NONCE}
SESSION_BODY = {"code": "c0de", "code_verifier": "v" * 43, "nonce": NONCE}


@pytest.fixture
def site_with_provider(fake_site: FakeSite, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    """The application with the provider configured."""
    values = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "CLAIM": "groups", "RIGHTS": '{"team": ["counts"]}'}
    for name, value in values.items():
        monkeypatch.setenv(f"OIDC_{name}", value)
    settings.cache_clear()
    return fake_site


def test_the_page_has_button_and_script_and_is_not_cached(fake_site: FakeSite) -> None:
    answer = fake_site.get("/staff/signed-in?code=x&state=y")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert b"data-begin" in answer.body
    assert b"/assets/sign-in.js" in answer.body


def test_starting_a_sign_in_returns_the_providers_url(site_with_provider: FakeSite, provider: FakeProvider) -> None:
    answer = site_with_provider.post_json("/api/staff/sign-in", SIGN_IN_BODY)
    assert answer.status_code == 200
    url = answer.json_body["authorization_url"]
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert "redirect_uri=https%3A%2F%2Fpetitions.example%2Fstaff%2Fsigned-in" in url


def test_a_code_is_exchanged_for_a_token_with_the_owners_rights_and_audited(site_with_provider: FakeSite) -> None:
    answer = site_with_provider.post_json("/api/staff/session", SESSION_BODY)
    assert answer.status_code == 200, answer.body
    session = answer.json_body
    assert (session["owner"], session["rights"]) == ("bob@charity.example", ["counts"])
    assert session["expires_at"] == "2026-11-24T20:00:00Z"
    assert answer.headers["Cache-Control"] == "no-store"
    authorization = f"Bearer {session['token']}"
    assert site_with_provider.get("/api/staff/petitions", authorization=authorization).status_code == 200
    assert site_with_provider.get("/api/staff/audit", authorization=authorization).status_code == 403
    [entry] = entries(NOW - DAY, NOW + DAY, site_with_provider.tables)
    assert (entry.action.name, entry.actor.owner) == ("signed-in", "bob@charity.example")
    assert entry.action.subject == recognise(authorization, NOW, site_with_provider.tables).token_id
    assert session["token"].split("_")[2] not in entry.model_dump_json()
    with pytest.raises(UnknownToken):
        recognise(authorization, NOW + timedelta(hours=8), site_with_provider.tables)


def test_a_long_code_is_accepted(site_with_provider: FakeSite) -> None:
    """Codes of Microsoft Entra have more than 2 KB."""
    answer = site_with_provider.post_json("/api/staff/session", {**SESSION_BODY, "code": "c" * 8192})
    assert answer.status_code != 422


@pytest.mark.parametrize(
    ("claims", "status"),
    [({"groups": ["strangers"]}, 403), ({"nonce": "m" * 43}, 401), ({"aud": "x"}, 401), ({"iss": "https://x"}, 401)],
)
def test_a_refused_person_or_a_person_without_rights_gets_no_token(
    site_with_provider: FakeSite, provider: FakeProvider, claims: dict[str, Any], status: int
) -> None:
    provider.issue_token(**claims)
    answer = site_with_provider.post_json("/api/staff/session", SESSION_BODY)
    assert answer.status_code == status
    assert answer.json_body["detail"]
    assert not [key for key in site_with_provider.tables.items if key.pk == "TOKENS"]


def test_a_provider_that_is_down_is_503(site_with_provider: FakeSite, provider: FakeProvider) -> None:
    provider.document = {}
    for path, body in (("/api/staff/sign-in", SIGN_IN_BODY), ("/api/staff/session", SESSION_BODY)):
        answer = site_with_provider.post_json(path, body)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "sign in" in answer.json_body["detail"]


@pytest.mark.parametrize(("path", "body"), [("/api/staff/sign-in", SIGN_IN_BODY), ("/api/staff/session", SESSION_BODY)])
def test_sign_in_is_404_without_a_provider(fake_site: FakeSite, path: str, body: dict[str, str]) -> None:
    answer = fake_site.post_json(path, body)
    assert answer.status_code == 404
    assert "token" in answer.json_body["detail"]


@pytest.mark.parametrize("name", SIGN_IN_BODY)
@pytest.mark.parametrize("value", ["", "short", "x" * 500, "ü" * 43, 5, None])
def test_malformed_values_are_field_errors(site_with_provider: FakeSite, name: str, value: object) -> None:
    answer = site_with_provider.post_json("/api/staff/sign-in", {**SIGN_IN_BODY, name: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [name]
