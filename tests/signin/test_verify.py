"""An ID token is accepted only if every part of it is right."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chalicelib.core.errors import NotSignedIn
from chalicelib.signin.verify import Claims, verify
from tests.actors import NOW
from tests.signin.issuing import CLIENT, EC, NONCE, OTHER_RSA, RSA, Issuing

MOMENT = int(NOW.timestamp())


def read(site: Issuing, token: str, **changes: Any) -> Claims:
    return verify(token, site.provider(**changes), NONCE, lambda _: {"keys": site.keys}, NOW)


def signed(site: Issuing, key: RSAKey | ECKey | OctKey, algorithm: str, kid: str | None = "one") -> str:
    header = {"alg": algorithm, **({"kid": kid} if kid else {})}
    return jwt.encode(header, site.claims(), key, algorithms=[algorithm])


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "one"), (EC, "ES256", "two")])
def test_a_token_signed_by_the_provider_is_accepted(
    site: Issuing, key: RSAKey | ECKey, algorithm: str, kid: str
) -> None:
    assert read(site, signed(site, key, algorithm, kid))["sub"] == "b0b"


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
        {"exp": MOMENT - 60},
        {"iat": MOMENT + 600},
        {"nbf": MOMENT + 600},
        {"sub": ""},
        *({name: None} for name in ("iss", "aud", "sub", "exp", "iat", "nonce")),
        {"exp": "soon"},
        {"exp": []},
    ],
    ids=str,
)
def test_one_wrong_claim_is_refused(site: Issuing, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        read(site, site.vouch(**wrong))


@pytest.mark.parametrize("right", [{"aud": [CLIENT]}, {"aud": [CLIENT, "b"], "azp": CLIENT}, {"azp": CLIENT}], ids=str)
def test_a_token_for_several_audiences_is_accepted_if_issued_to_us(site: Issuing, right: dict[str, Any]) -> None:
    assert read(site, site.vouch(**right))


def test_clocks_may_differ_by_half_a_minute(site: Issuing) -> None:
    assert read(site, site.vouch(exp=MOMENT - 20, iat=MOMENT + 20))


def test_a_different_key_with_the_same_id_is_refused(site: Issuing) -> None:
    with pytest.raises(NotSignedIn):
        read(site, signed(site, OTHER_RSA, "RS256"))


def test_an_unsigned_token_is_refused(site: Issuing) -> None:
    unsigned = f"{encoded({'alg': 'none', 'kid': 'one'})}.{encoded(site.claims())}"
    for token in (f"{unsigned}.", f"{unsigned}.x"):
        with pytest.raises(NotSignedIn):
            read(site, token)


def test_hs256_with_the_public_key_is_refused(site: Issuing) -> None:
    """A well-known attack: HS256 with the public key as the secret."""
    unsigned = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(site.claims())}"
    mac = base64.urlsafe_b64encode(hmac.digest(RSA.as_pem(private=False), unsigned.encode(), "sha256"))
    with pytest.raises(NotSignedIn):
        read(site, f"{unsigned}.{mac.decode().rstrip('=')}")


def test_hs256_with_the_client_secret_is_refused(site: Issuing) -> None:
    shared = OctKey.import_key("s" * 32)
    site.keys.append({**shared.as_dict(private=True), "kid": "shared"})
    with pytest.raises(NotSignedIn):
        read(site, signed(site, shared, "HS256", "shared"), client_secret="s" * 32)


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_are_refused(site: Issuing, algorithm: str) -> None:
    with pytest.raises(NotSignedIn):
        read(site, signed(site, RSA, algorithm))


def test_an_encryption_key_is_refused(site: Issuing) -> None:
    site.keys = [{**key, "use": "enc"} for key in site.keys]
    with pytest.raises(NotSignedIn):
        read(site, signed(site, RSA, "RS256"))


def test_a_single_key_needs_no_id(site: Issuing) -> None:
    site.keys = [{name: value for name, value in site.keys[0].items() if name != "kid"}]
    assert read(site, signed(site, RSAKey.import_key({**RSA.as_dict(private=True), "kid": ""}), "RS256", None))


def test_keys_of_an_unknown_kind_are_ignored(site: Issuing) -> None:
    site.keys.insert(0, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "new"})
    assert read(site, signed(site, RSA, "RS256"))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "e30.e30.e30", "." * 5000])
def test_a_malformed_token_is_refused(site: Issuing, token: str) -> None:
    with pytest.raises(NotSignedIn):
        read(site, token)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_changed_in_any_part_is_refused(site: Issuing, part: int) -> None:
    parts = site.vouch().split(".")
    parts[part] = parts[part][:-4] + ("AAAA" if parts[part][-4:] != "AAAA" else "BBBB")
    with pytest.raises(NotSignedIn):
        read(site, ".".join(parts))
