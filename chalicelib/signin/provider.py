"""Call the OpenID Connect provider over HTTP: its discovery document, its keys, and the code for an ID token.

Every call has a short timeout, follows no redirect and is not retried.
"""

import json
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


def discovery_of(provider: Provider) -> Discovery:
    return _documents.get(provider.issuer, lambda: _discover(provider.issuer))


def keys_of(discovery: Discovery, key_id: str | None) -> Jwks:
    """Return the provider's keys. Without a cached key of this id, fetch them again, once in REFETCH_SECONDS at most."""
    uri = discovery.jwks_uri
    keys = _keys.get(uri, lambda: _read_keys(uri))
    cached_ids = [key.get("kid") for key in keys["keys"]]
    if key_id is None or key_id in cached_ids:
        return keys
    return _refetched_keys.get(uri, lambda: _read_keys(uri))


def fetch_id_token(provider: Provider, discovery: Discovery, returned: SessionRequest, redirect_uri: str) -> str:
    """Exchange the code for an ID token. Raise NotSignedIn, or ProviderUnavailable (also if it refuses our settings)."""
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


def forget_provider() -> None:
    """Clear the caches, so that a test starts like a new process."""
    for cached in (_documents, _keys, _refetched_keys):
        cached.clear()


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
    """Return headers and form fields that authenticate us (RFC 6749, 2.3.1). Without a client secret, PKCE is enough."""
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
