"""Call the OpenID Connect provider, which identifies members of staff, over HTTP.

We read its discovery document and its keys, and exchange the code of a sign-in for an ID token. Every call has a short
timeout, follows no redirect and is not retried.

Also verify its ID token, in which it says who has signed in (OpenID Connect Core 1.0, 3.1.3.7).
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from pydantic import ValidationError
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from chalicelib.core import log
from chalicelib.core.caching import SecondsCache
from chalicelib.core.errors import NotSignedIn, ProviderUnavailable
from chalicelib.signin.model import Discovery, Provider, SessionRequest

CONNECT_SECONDS, READ_SECONDS = 1.5, 3.0
MAX_ANSWER_BYTES = 256 * 1024
CACHE_SECONDS = 600.0
# Strangers can send any key id: for an unknown one, fetch the keys only once in this time.
REFETCH_SECONDS = 60.0
# The provider's error codes that mean that our settings are wrong.
MISCONFIGURATION_ERRORS = ("invalid_client", "unauthorized_client")

Jwks = dict[str, Any]
_documents: SecondsCache[Discovery] = SecondsCache(CACHE_SECONDS)
_keys: SecondsCache[Jwks] = SecondsCache(CACHE_SECONDS)
_refetched_keys: SecondsCache[Jwks] = SecondsCache(REFETCH_SECONDS)
# Only algorithms that need the provider's private key. With "none" or HMAC, a client could forge a token.
ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 30
MAX_KEY_ID_LENGTH = 255
Claims = Mapping[str, Any]


def discovery_of(provider: Provider) -> Discovery:
    return _documents.get(provider.issuer, lambda: _discover(provider.issuer))


def keys_of(discovery: Discovery, key_id: str | None) -> Jwks:
    """Return the provider's keys. Without a cached key of this id, fetch again, once in REFETCH_SECONDS at most."""
    uri = discovery.jwks_uri
    keys = _keys.get(uri, lambda: _read_keys(uri))
    cached_ids = [key.get("kid") for key in keys["keys"]]
    if key_id is None or key_id in cached_ids:
        return keys
    return _refetched_keys.get(uri, lambda: _read_keys(uri))


def fetch_id_token(provider: Provider, discovery: Discovery, returned: SessionRequest, redirect_uri: str) -> str:
    """Exchange a code for an ID token. Raise NotSignedIn, or ProviderUnavailable (also: it refuses our settings)."""
    fields = {
        "grant_type": "authorization_code",
        "code": returned.code,
        "code_verifier": returned.code_verifier,
        "redirect_uri": redirect_uri,
    }
    headers, credentials = _credentials(provider, discovery)
    status, answer = _send("POST", discovery.token_endpoint, headers, urlencode(fields | credentials))
    id_token = answer.get("id_token")
    if status == 200 and isinstance(id_token, str):
        return id_token
    has_no_token = status == 200  # The provider accepted the code, but sent no ID token.
    if has_no_token or answer.get("error") in MISCONFIGURATION_ERRORS:
        log.event("sign_in_misconfigured", error=str(answer.get("error")))
        raise ProviderUnavailable
    raise NotSignedIn("Your sign-in was refused or took too long. Sign in again.")


def _discover(issuer: str) -> Discovery:
    """Raise ProviderUnavailable if the document is invalid or names another issuer."""
    _, answer = _send("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    try:
        found = Discovery.model_validate(answer)
    except ValidationError as error:
        raise ProviderUnavailable from error
    if found.issuer != issuer:
        log.event("sign_in_misconfigured", error="another issuer")
        raise ProviderUnavailable
    return found


def _read_keys(uri: str) -> Jwks:
    _, answer = _send("GET", uri)
    keys = answer.get("keys")
    is_list_of_objects = isinstance(keys, list) and all(isinstance(key, dict) for key in keys)
    if not is_list_of_objects:
        raise ProviderUnavailable
    return {"keys": keys}


def _credentials(provider: Provider, discovery: Discovery) -> tuple[dict[str, str], dict[str, str]]:
    """Return headers and fields that authenticate us (RFC 6749, 2.3.1). Without a client secret, PKCE is enough."""
    if not provider.client_secret:
        return {}, {"client_id": provider.client_id}
    if "client_secret_basic" not in discovery.token_endpoint_auth_methods_supported:
        return {}, {"client_id": provider.client_id, "client_secret": provider.client_secret}
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
    return make_headers(basic_auth=pair), {}


def _send(method: str, url: str, headers: dict[str, str] | None = None, body: str = "") -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON object of the answer.

    Raise ProviderUnavailable if the call fails, the status is 5xx (GET: not 200), or the body is too long or no object.
    """
    # A kept connection may be dead when the function runs again, and a code cannot be sent twice: use a new one.
    all_headers = {"Accept": "application/json", "Connection": "close"}
    if body:
        all_headers["Content-Type"] = "application/x-www-form-urlencoded"
    if headers:
        all_headers |= headers
    try:
        answer = _http().request(method, url, body=body or None, headers=all_headers, preload_content=False)
        try:
            content = _content(answer)
        finally:
            answer.close()
    except (HTTPError, ValueError) as error:
        log.event("provider_silent", why=type(error).__name__)
        raise ProviderUnavailable from error
    has_failed = answer.status >= 500 or (method == "GET" and answer.status != 200)
    if has_failed or not isinstance(content, dict):
        log.event("provider_silent", status=answer.status)
        raise ProviderUnavailable
    return answer.status, content


def _content(answer: BaseHTTPResponse) -> Any:
    body = answer.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise ProviderUnavailable
    return json.loads(body)


@cache
def _http() -> PoolManager:
    # A code works only once, and the discovery document has the final URLs.
    return PoolManager(timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), retries=False)


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
    return key_id if isinstance(key_id, str) and len(key_id) <= MAX_KEY_ID_LENGTH else None


def _signing_keys(jwks: Mapping[str, Any]) -> list[Any]:
    """Leave out other keys, of types that joserfc does not know."""
    known = [key for key in jwks["keys"] if key.get("kty") in ("RSA", "EC")]
    return [key for key in known if key.get("use", "sig") == "sig"]  # A key without `use` is for every use.


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
