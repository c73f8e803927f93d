"""An ID token is believed when all of it is right, and when one thing is wrong it is not."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chalicelib.core.errors import NotSignedIn
from chalicelib.signin.verify import Claims, verified
from tests.actors import NOW
from tests.signin.issuing import CLIENT, EC, NONCE, OTHER_RSA, RSA, Issuing

MOMENT = int(NOW.timestamp())


def read(site: Issuing, token: str, **changes: Any) -> Claims:
    return verified(token, site.provider(**changes), NONCE, lambda _: {"keys": site.keys}, NOW)


def signed(site: Issuing, key: RSAKey | ECKey | OctKey, algorithm: str, kid: str | None = "one") -> str:
    header = {"alg": algorithm, **({"kid": kid} if kid else {})}
    return jwt.encode(header, site.claims(), key, algorithms=[algorithm])


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "one"), (EC, "ES256", "two")])
def test_what_the_provider_signed_is_believed(site: Issuing, key: RSAKey | ECKey, algorithm: str, kid: str) -> None:
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
def test_one_wrong_claim_is_enough(site: Issuing, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        read(site, site.vouch(**wrong))


@pytest.mark.parametrize("right", [{"aud": [CLIENT]}, {"aud": [CLIENT, "b"], "azp": CLIENT}, {"azp": CLIENT}], ids=str)
def test_a_token_for_several_is_ours_when_it_was_given_to_us(site: Issuing, right: dict[str, Any]) -> None:
    assert read(site, site.vouch(**right))


def test_clocks_may_differ_by_half_a_minute(site: Issuing) -> None:
    assert read(site, site.vouch(exp=MOMENT - 20, iat=MOMENT + 20))


def test_a_key_that_only_calls_itself_the_providers_is_not_believed(site: Issuing) -> None:
    with pytest.raises(NotSignedIn):
        read(site, signed(site, OTHER_RSA, "RS256"))


def test_none_is_no_signature(site: Issuing) -> None:
    unsigned = f"{encoded({'alg': 'none', 'kid': 'one'})}.{encoded(site.claims())}"
    for token in (f"{unsigned}.", f"{unsigned}.x"):
        with pytest.raises(NotSignedIn):
            read(site, token)


def test_the_public_key_is_no_shared_secret(site: Issuing) -> None:
    """The classic: HS256 keyed with what everybody may read."""
    unsigned = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(site.claims())}"
    mac = base64.urlsafe_b64encode(hmac.digest(RSA.as_pem(private=False), unsigned.encode(), "sha256"))
    with pytest.raises(NotSignedIn):
        read(site, f"{unsigned}.{mac.decode().rstrip('=')}")


def test_the_clients_own_secret_signs_nothing(site: Issuing) -> None:
    shared = OctKey.import_key("s" * 32)
    site.keys.append({**shared.as_dict(private=True), "kid": "shared"})
    with pytest.raises(NotSignedIn):
        read(site, signed(site, shared, "HS256", "shared"), client_secret="s" * 32)


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_no_other_algorithm_is_taken(site: Issuing, algorithm: str) -> None:
    with pytest.raises(NotSignedIn):
        read(site, signed(site, RSA, algorithm))


def test_a_key_that_is_for_encryption_signs_nothing(site: Issuing) -> None:
    site.keys = [{**key, "use": "enc"} for key in site.keys]
    with pytest.raises(NotSignedIn):
        read(site, signed(site, RSA, "RS256"))


def test_a_provider_with_one_key_need_not_name_it(site: Issuing) -> None:
    site.keys = [{name: value for name, value in site.keys[0].items() if name != "kid"}]
    assert read(site, signed(site, RSAKey.import_key({**RSA.as_dict(private=True), "kid": ""}), "RS256", None))


def test_keys_of_a_kind_we_do_not_know_are_in_nobodys_way(site: Issuing) -> None:
    site.keys.insert(0, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "new"})
    assert read(site, signed(site, RSA, "RS256"))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "e30.e30.e30", "." * 5000])
def test_what_is_no_token_is_refused(site: Issuing, token: str) -> None:
    with pytest.raises(NotSignedIn):
        read(site, token)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_anywhere_is_refused(site: Issuing, part: int) -> None:
    parts = site.vouch().split(".")
    parts[part] = parts[part][:-4] + ("AAAA" if parts[part][-4:] != "AAAA" else "BBBB")
    with pytest.raises(NotSignedIn):
        read(site, ".".join(parts))
