"""An ID token is accepted only if every part of it is right."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chalicelib.core.errors import NotSignedIn
from chalicelib.signin.provider import Claims, verify
from tests.actors import NOW
from tests.signin.fake_provider import CLIENT, EC, NONCE, OTHER_RSA, RSA, FakeProvider

NOW_SECONDS = int(NOW.timestamp())


def verify_token(provider: FakeProvider, token: str, **changes: Any) -> Claims:
    return verify(token, provider.as_configured(**changes), NONCE, lambda _: {"keys": provider.keys}, NOW)


def sign_token(provider: FakeProvider, key: RSAKey | ECKey | OctKey, algorithm: str, kid: str | None = "one") -> str:
    header = {"alg": algorithm}
    if kid:
        header["kid"] = kid
    return jwt.encode(header, provider.claims(), key, algorithms=[algorithm])


def encode(part: dict[str, Any]) -> str:
    content = json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "one"), (EC, "ES256", "two")])
def test_a_token_signed_by_the_provider_is_accepted(
    provider: FakeProvider, key: RSAKey | ECKey, algorithm: str, kid: str
) -> None:
    assert verify_token(provider, sign_token(provider, key, algorithm, kid))["sub"] == "b0b"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://somebody.else"},
        {"aud": "another-client"},
        {"aud": ["another-client", "a-third"]},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"nonce": "m" * 43},
        {"exp": NOW_SECONDS - 60},
        {"iat": NOW_SECONDS + 600},
        {"nbf": NOW_SECONDS + 600},
        {"sub": ""},
        *({name: None} for name in ("iss", "aud", "sub", "exp", "iat", "nonce")),
        {"exp": "soon"},
        {"exp": []},
    ],
    ids=str,
)
def test_a_token_with_one_wrong_claim_is_refused(provider: FakeProvider, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        verify_token(provider, provider.issue_token(**wrong))


@pytest.mark.parametrize("claims", [{"aud": [CLIENT]}, {"aud": [CLIENT, "b"], "azp": CLIENT}, {"azp": CLIENT}], ids=str)
def test_a_token_for_several_audiences_is_accepted_if_issued_to_us(
    provider: FakeProvider, claims: dict[str, Any]
) -> None:
    assert verify_token(provider, provider.issue_token(**claims))


def test_clocks_may_differ_by_half_a_minute(provider: FakeProvider) -> None:
    assert verify_token(provider, provider.issue_token(exp=NOW_SECONDS - 20, iat=NOW_SECONDS + 20))


@pytest.mark.parametrize(
    ("key", "algorithm", "use"),
    [
        (OTHER_RSA, "RS256", "sig"),
        *((RSA, algorithm, "sig") for algorithm in ("RS384", "RS512", "PS256")),
        (RSA, "RS256", "enc"),
    ],
)
def test_another_key_of_the_same_id_another_algorithm_and_an_encryption_key_are_refused(
    provider: FakeProvider, key: RSAKey, algorithm: str, use: str
) -> None:
    provider.keys = [{**each, "use": use} for each in provider.keys]
    with pytest.raises(NotSignedIn):
        verify_token(provider, sign_token(provider, key, algorithm))


def test_an_unsigned_token_is_refused(provider: FakeProvider) -> None:
    unsigned = f"{encode({'alg': 'none', 'kid': 'one'})}.{encode(provider.claims())}"
    for token in (f"{unsigned}.", f"{unsigned}.x"):
        with pytest.raises(NotSignedIn):
            verify_token(provider, token)


def test_hs256_with_the_public_key_is_refused(provider: FakeProvider) -> None:
    """A well-known attack: HS256 with the public key as the secret."""
    unsigned = f"{encode({'alg': 'HS256', 'kid': 'one'})}.{encode(provider.claims())}"
    mac = base64.urlsafe_b64encode(hmac.digest(RSA.as_pem(private=False), unsigned.encode(), "sha256"))
    with pytest.raises(NotSignedIn):
        verify_token(provider, f"{unsigned}.{mac.decode().rstrip('=')}")


def test_hs256_with_the_client_secret_is_refused(provider: FakeProvider) -> None:
    shared = OctKey.import_key("s" * 32)
    provider.keys.append({**shared.as_dict(private=True), "kid": "shared"})
    with pytest.raises(NotSignedIn):
        verify_token(provider, sign_token(provider, shared, "HS256", "shared"), client_secret="s" * 32)


def test_a_single_key_needs_no_id(provider: FakeProvider) -> None:
    only_key = provider.keys[0]
    del only_key["kid"]
    provider.keys = [only_key]
    key_without_id = RSAKey.import_key({**RSA.as_dict(private=True), "kid": ""})
    assert verify_token(provider, sign_token(provider, key_without_id, "RS256", None))


def test_keys_of_an_unknown_kind_are_ignored(provider: FakeProvider) -> None:
    provider.keys.insert(0, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "new"})
    assert verify_token(provider, sign_token(provider, RSA, "RS256"))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "e30.e30.e30", "." * 5000])
def test_a_malformed_token_is_refused(provider: FakeProvider, token: str) -> None:
    with pytest.raises(NotSignedIn):
        verify_token(provider, token)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_changed_in_any_part_is_refused(provider: FakeProvider, part: int) -> None:
    parts = provider.issue_token().split(".")
    last_four = parts[part][-4:]
    changed = "BBBB" if last_four == "AAAA" else "AAAA"
    parts[part] = parts[part][:-4] + changed
    with pytest.raises(NotSignedIn):
        verify_token(provider, ".".join(parts))
