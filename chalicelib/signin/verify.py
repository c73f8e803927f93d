"""Verify an ID token, in which the provider says who has signed in (OpenID Connect Core 1.0, 3.1.3.7)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.core import log
from chalicelib.core.errors import NotSignedIn
from chalicelib.signin.model import Provider

# Only algorithms that need the provider's private key. With "none" or HMAC, a client could forge a token.
ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 30
MAX_KEY_ID_LENGTH = 255

Claims = Mapping[str, Any]


def verify(
    token: str, provider: Provider, nonce: str, find_keys: Callable[[str | None], Mapping[str, Any]], now: datetime
) -> Claims:
    """Return the claims. Raise NotSignedIn; only the log says why. `find_keys`: by the id of the key."""
    # Imported here: OpenSSL would slow every cold start, and only a sign-in needs it.
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        provider_keys = find_keys(_key_id(token))
        trusted = KeySet.import_key_set({"keys": _signing_keys(provider_keys)})
        claims = jwt.decode(token, trusted, algorithms=ALGORITHMS).claims
        _claim_rules(provider, nonce, now).validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:  # A malformed token may raise any of these.
        raise _log_refusal(type(error).__name__) from error
    if _has_other_authorized_party(claims, provider.client_id):
        raise _log_refusal("another authorized party")
    return claims


def _claim_rules(provider: Provider, nonce: str, now: datetime) -> Any:
    from joserfc.jwt import JWTClaimsRegistry

    return JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )


def _key_id(token: str) -> str | None:
    """Return the id of the key that the token names (`kid`). None: it is missing or too long."""
    from joserfc import jws

    headers = jws.extract_compact(token.encode()).headers()
    key_id = headers.get("kid")
    if isinstance(key_id, str) and len(key_id) <= MAX_KEY_ID_LENGTH:
        return key_id
    return None


def _signing_keys(jwks: Mapping[str, Any]) -> list[Any]:
    """Leave out other keys, of types that joserfc does not know."""
    signing_keys = []
    for key in jwks["keys"]:
        is_known_type = key.get("kty") in ("RSA", "EC")
        is_for_signing = key.get("use", "sig") == "sig"  # A key without `use` is for every use.
        if is_known_type and is_for_signing:
            signing_keys.append(key)
    return signing_keys


def _has_other_authorized_party(claims: Claims, client_id: str) -> bool:
    """Return whether `azp`, the client to which the token was issued, is not us, or is missing beside several
    audiences.

    That we are an audience is checked before (`_claim_rules`).
    """
    audience, party = claims["aud"], claims.get("azp")
    has_several_audiences = isinstance(audience, list) and len(audience) > 1
    must_name_us = has_several_audiences or party is not None
    return must_name_us and party != client_id


def _log_refusal(why: str) -> NotSignedIn:
    log.event("sign_in_refused", why=why)
    return NotSignedIn("This sign-in could not be verified. Sign in again.")
