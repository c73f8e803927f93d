"""Calls to the provider: cached, with short timeouts, and checked against the configured issuer."""

import time

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.core.errors import NotSignedIn, ProviderUnavailable
from chalicelib.signin.model import Provider, SessionRequest
from chalicelib.signin.provider import discovery_of, fetch_id_token, keys_of
from stack.local.emulator import free_port
from tests.signin.fake_provider import NONCE, FakeProvider

CODE_RETURNED = SessionRequest(code="c0de", code_verifier="v" * 43, nonce=NONCE)
DISCOVERY_PATH = "/.well-known/openid-configuration"


def exchange_code(provider: FakeProvider, **changes: str) -> str:
    configured = provider.as_configured(**changes)
    discovery = discovery_of(configured)
    return fetch_id_token(configured, discovery, CODE_RETURNED, "https://petitions.example/staff/signed-in")


def test_the_discovery_document_is_cached_for_ten_minutes(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        assert discovery_of(provider.as_configured()).token_endpoint == f"{provider.issuer}/token"
    assert provider.requested_paths == [DISCOVERY_PATH]
    later = time.monotonic() + 601
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: later)
    discovery_of(provider.as_configured())
    assert provider.requested_paths == [DISCOVERY_PATH] * 2


def test_a_different_issuer_is_refused(provider: FakeProvider) -> None:
    provider.document["issuer"] = "https://somebody.else"
    with pytest.raises(ProviderUnavailable):
        discovery_of(provider.as_configured())


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("url", ["http://provider.example/x", "file:///etc/passwd", "", None, 5])
def test_every_endpoint_must_be_https(provider: FakeProvider, name: str, url: object) -> None:
    provider.document[name] = url
    with pytest.raises(ProviderUnavailable):
        discovery_of(provider.as_configured())


@pytest.mark.parametrize("issuer", ["http://provider.example", "http://127.0.0.1.example", "ftp://127.0.0.1", ""])
def test_the_configured_issuer_must_be_https(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Provider(issuer, "petitions")


@pytest.mark.parametrize(
    ("status", "content"),
    [
        *((200, malformed) for malformed in (b"", b"<html>", b"[]", b'{"keys": 5}', b'{"keys": [5]}', b"{" * 9000)),
        (200, b" " * 300_000 + b'{"keys": []}'),
        *((status, b'{"keys": []}') for status in (301, 302, 307, 400, 404, 500, 503)),
    ],
)
def test_keys_that_are_malformed_too_large_or_not_answered_with_200_are_refused(
    provider: FakeProvider, status: int, content: bytes
) -> None:
    """No redirect is followed."""
    provider.document["jwks_uri"] = f"{provider.issuer}/other-keys"
    known = discovery_of(provider.as_configured())
    provider.other_answer = status, content
    with pytest.raises(ProviderUnavailable):
        keys_of(known, None)
    assert provider.requested_paths[-1] == "/other-keys"
    provider.other_answer = 200, b'{"keys": []}'
    assert keys_of(known, None) == {"keys": []}


def test_a_refused_connection_raises_provider_unavailable() -> None:
    forget_all()
    with pytest.raises(ProviderUnavailable):
        discovery_of(Provider(f"http://127.0.0.1:{free_port()}", "petitions"))


def test_an_unknown_key_id_fetches_the_keys_again_at_most_once_a_minute(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = discovery_of(provider.as_configured())
    keys_of(known, "one")
    provider.keys.append({**provider.keys[0], "kid": "new"})
    assert "new" in [key["kid"] for key in keys_of(known, "new")["keys"]]
    for stranger in range(20):
        keys_of(known, f"stranger-{stranger}")
    assert provider.requested_paths.count("/jwks") == 2
    later = time.monotonic() + 61
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: later)
    keys_of(known, "stranger")
    assert provider.requested_paths.count("/jwks") == 3


def test_a_code_is_exchanged_with_its_verifier(provider: FakeProvider) -> None:
    token = provider.issue_token()
    assert exchange_code(provider) == token
    fields = provider.bodies[0].split("&")
    sent = dict(field.split("=") for field in fields)
    assert sent == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "code_verifier": "v" * 43,
        "client_id": "petitions",
        "redirect_uri": "https%3A%2F%2Fpetitions.example%2Fstaff%2Fsigned-in",
    }


def test_a_client_secret_is_sent_in_the_header_encoded_as_in_the_rfc(provider: FakeProvider) -> None:
    exchange_code(provider, client_secret="s:+ ")
    assert provider.headers[0]["authorization"] == "Basic cGV0aXRpb25zOnMlM0ElMkIr"
    assert "secret" not in provider.bodies[0]


def test_a_client_secret_is_sent_in_the_body_if_the_provider_requires_it(provider: FakeProvider) -> None:
    provider.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    exchange_code(provider, client_secret="s")
    assert "client_secret=s" in provider.bodies[0]
    assert "authorization" not in provider.headers[0]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_code_is_not_retried(provider: FakeProvider, status: int) -> None:
    provider.other_answer = status, {"error": "invalid_grant"}
    with pytest.raises(NotSignedIn):
        exchange_code(provider)
    assert provider.requested_paths.count("/token") == 1, "a code works once"


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (503, {}), (200, {}), (200, {"id_token": 5}), (200, b"<html>"), (401, {"error": "invalid_client"})],
)
def test_errors_of_the_provider_or_our_settings_raise_provider_unavailable(
    provider: FakeProvider, answer: tuple[int, object]
) -> None:
    provider.other_answer = answer
    with pytest.raises(ProviderUnavailable):
        exchange_code(provider)
