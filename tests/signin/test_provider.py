"""Calls to the provider: cached, with short timeouts, and checked against the configured issuer."""

import time

import pytest

from chalicelib.core.errors import NotSignedIn, ProviderSilent
from chalicelib.signin.model import CodeReturned, Provider
from chalicelib.signin.provider import discovery_of, fetch_id_token, forget_provider, keys_of
from stack.sockets import free_port
from tests.signin.issuing import NONCE, Issuing

RETURNED = CodeReturned(code="c0de", code_verifier="v" * 43, nonce=NONCE)
DOCUMENT = "/.well-known/openid-configuration"


def exchanged(site: Issuing, **changes: str) -> str:
    provider = site.provider(**changes)
    return fetch_id_token(provider, discovery_of(provider), RETURNED, "https://petitions.example/staff/signed-in")


def test_the_discovery_document_is_cached_for_ten_minutes(site: Issuing, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        assert discovery_of(site.provider()).token_endpoint == f"{site.issuer}/token"
    assert site.requested == [DOCUMENT]
    later = time.monotonic() + 601
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: later)
    discovery_of(site.provider())
    assert site.requested == [DOCUMENT] * 2


def test_a_different_issuer_is_refused(site: Issuing) -> None:
    site.document["issuer"] = "https://somebody.else"
    with pytest.raises(ProviderSilent):
        discovery_of(site.provider())


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("url", ["http://provider.example/x", "file:///etc/passwd", "", None, 5])
def test_every_endpoint_must_be_https(site: Issuing, name: str, url: object) -> None:
    site.document[name] = url
    with pytest.raises(ProviderSilent):
        discovery_of(site.provider())


@pytest.mark.parametrize("issuer", ["http://provider.example", "http://127.0.0.1.example", "ftp://127.0.0.1", ""])
def test_the_configured_issuer_must_be_https(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Provider(issuer, "petitions")


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"keys": 5}', b'{"keys": [5]}', b"{" * 9000])
def test_malformed_keys_are_refused(site: Issuing, content: bytes) -> None:
    site.token = 200, content
    site.document["jwks_uri"] = f"{site.issuer}/other-keys"
    with pytest.raises(ProviderSilent):
        keys_of(discovery_of(site.provider()), "one")


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_a_get_must_be_answered_with_200_and_no_redirect_is_followed(site: Issuing, status: int) -> None:
    site.token = status, {"keys": site.keys}
    site.document["jwks_uri"] = f"{site.issuer}/other-keys"
    with pytest.raises(ProviderSilent):
        keys_of(discovery_of(site.provider()), "one")
    assert site.requested[-1] == "/other-keys"


def test_an_answer_that_is_too_large_is_refused(site: Issuing) -> None:
    site.token = 200, b" " * 300_000 + b'{"keys": []}'
    site.document["jwks_uri"] = f"{site.issuer}/other-keys"
    with pytest.raises(ProviderSilent):
        keys_of(discovery_of(site.provider()), None)


def test_a_refused_connection_is_provider_silent() -> None:
    forget_provider()
    with pytest.raises(ProviderSilent):
        discovery_of(Provider(f"http://127.0.0.1:{free_port()}", "petitions"))


def test_an_unknown_key_id_fetches_the_keys_again_at_most_once_a_minute(
    site: Issuing, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = discovery_of(site.provider())
    keys_of(known, "one")
    site.keys.append({**site.keys[0], "kid": "new"})
    assert "new" in [key["kid"] for key in keys_of(known, "new")["keys"]]
    for stranger in range(20):
        keys_of(known, f"stranger-{stranger}")
    assert site.requested.count("/jwks") == 2
    later = time.monotonic() + 61
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: later)
    keys_of(known, "stranger")
    assert site.requested.count("/jwks") == 3


def test_a_code_is_exchanged_with_its_verifier(site: Issuing) -> None:
    token = site.vouch()
    assert exchanged(site) == token
    sent = dict(field.split("=") for field in site.bodies[0].split("&"))
    assert sent == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "code_verifier": "v" * 43,
        "client_id": "petitions",
        "redirect_uri": "https%3A%2F%2Fpetitions.example%2Fstaff%2Fsigned-in",
    }


def test_a_client_secret_is_sent_in_the_header_encoded_as_in_the_rfc(site: Issuing) -> None:
    exchanged(site, client_secret="s:+ ")
    assert site.headers[0]["authorization"] == "Basic cGV0aXRpb25zOnMlM0ElMkIr"
    assert "secret" not in site.bodies[0]


def test_a_client_secret_is_sent_in_the_body_if_the_provider_requires_it(site: Issuing) -> None:
    site.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    exchanged(site, client_secret="s")
    assert "client_secret=s" in site.bodies[0]
    assert "authorization" not in site.headers[0]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_code_is_not_retried(site: Issuing, status: int) -> None:
    site.token = status, {"error": "invalid_grant"}
    with pytest.raises(NotSignedIn):
        exchanged(site)
    assert site.requested.count("/token") == 1, "a code works once"


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (503, {}), (200, {}), (200, {"id_token": 5}), (200, b"<html>"), (401, {"error": "invalid_client"})],
)
def test_errors_of_the_provider_or_our_settings_are_provider_silent(site: Issuing, answer: tuple[int, object]) -> None:
    site.token = answer
    with pytest.raises(ProviderSilent):
        exchanged(site)
