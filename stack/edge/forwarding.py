"""Make the cache key of a request, and the request for the origin, as a behaviour's policies say.

The cache policy says which parts of the request are in the key. The origin gets these parts too. The origin request
policy says which other parts the origin gets.

Sources: "Understand cache policies", "Understand origin request policies" and "Add CloudFront request headers"
(CloudFront Developer Guide).
"""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote_plus

from multidict import CIMultiDict

from stack.edge.distribution import Behaviour, CachePolicy, NameSelection
from stack.edge.message import VIA, Headers, OriginRequest, ViewerRequest, list_entries

Key = tuple[object, ...]
# These headers are not copied from the viewer's request. `_origin_headers` writes some of them, such as Cookie and Via.
_NOT_COPIED = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"),
        *("expect", "content-length", "accept-encoding", "cookie", "via", "x-forwarded-for", "user-agent"),
        *("if-none-match", "if-modified-since", "range", "x-real-ip", "proxy-authorization", "proxy-authenticate"),
    }
)
# Headers with these prefixes are not copied either. Only CloudFront itself sets headers with the first prefix.
_PREFIXES_NOT_COPIED = ("cloudfront-", "x-amz-", "x-edge-")


def key_of(request: ViewerRequest, policy: CachePolicy) -> Key:
    """Return the cache key. GET and HEAD have the same key, OPTIONS has another."""
    method = "GET" if request.is_get_or_head else request.method
    query = _query(request, [policy.query])
    header_names = sorted(policy.headers.names)  # A cache policy includes either named headers or none.
    headers = tuple((name, request.headers.get(name)) for name in header_names)
    cookies = tuple(_cookies(request, [policy.cookies]))
    return (method, request.path, query, headers, cookies, _keyed_encoding(request, policy))


def origin_request_of(request: ViewerRequest, behaviour: Behaviour) -> OriginRequest:
    """Return the request for the origin: what the behaviour's two policies include, and what CloudFront adds itself.

    If the answer may be cached, HEAD becomes GET, so that the cache gets the body.
    """
    query = _query(request, [behaviour.cache.query, behaviour.request.query])
    target = f"{request.path}?{query}" if query else request.path
    is_cached_head = request.method == "HEAD" and behaviour.may_cache("HEAD")
    method = "GET" if is_cached_head else request.method
    return OriginRequest(method, target, _origin_headers(request, behaviour), request.body)


def _origin_headers(request: ViewerRequest, behaviour: Behaviour) -> Headers:
    headers = _copied_headers(request, behaviour)
    sends_user_agent = _is_included("user-agent", [behaviour.cache.headers, behaviour.request.headers])
    headers["User-Agent"] = request.headers.get("User-Agent", "") if sends_user_agent else "Amazon CloudFront"
    addresses = list_entries(request.headers.get("X-Forwarded-For", ""))
    headers["X-Forwarded-For"] = ", ".join([*addresses, request.address])
    headers["Via"] = VIA
    headers["Accept-Encoding"] = _sent_encoding(request, behaviour)
    # CloudFront adds this header only if the policy names it. (With allExcept, the names are those to leave out.)
    selection = behaviour.request.headers
    if "cloudfront-viewer-address" in selection.names and selection.mode != "allExcept":
        headers["CloudFront-Viewer-Address"] = f"{request.address}:{request.port}"
    cookies = _cookies(request, [behaviour.cache.cookies, behaviour.request.cookies])
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return headers


def _copied_headers(request: ViewerRequest, behaviour: Behaviour) -> Headers:
    """Return those headers of the viewer that the origin gets unchanged."""
    selections = [behaviour.cache.headers, behaviour.request.headers]
    copied: Headers = CIMultiDict()
    for name, value in request.headers.items():
        lower_name = name.lower()
        if lower_name in _NOT_COPIED or lower_name.startswith(_PREFIXES_NOT_COPIED):
            continue
        if _is_included(lower_name, selections):
            copied.add(name, value)
    return copied


def _cookies(request: ViewerRequest, selections: Sequence[NameSelection]) -> list[str]:
    """Return the cookies, as `name=value`, that at least one of the selections includes."""
    included = []
    for cookie in request.headers.get("Cookie", "").split(";"):
        pair = cookie.strip()
        name = pair.partition("=")[0]
        if pair and _is_included(name, selections):
            included.append(pair)
    return included


def _query(request: ViewerRequest, selections: Sequence[NameSelection]) -> str:
    """Return the query with only those of its parts that at least one of the selections includes."""
    included = []
    for part in request.query.split("&"):
        key = unquote_plus(part.partition("=")[0])
        if part and _is_included(key, selections):
            included.append(part)
    return "&".join(included)


def _is_included(name: str, selections: Sequence[NameSelection]) -> bool:
    return any(selection.includes(name) for selection in selections)


def _keyed_encoding(request: ViewerRequest, policy: CachePolicy) -> str:
    """Return which of the policy's encodings the viewer's Accept-Encoding names: "br,gzip", "br", "gzip" or ""."""
    return _accepted_encodings(request.headers.get("Accept-Encoding", ""), policy.encodings)


@lru_cache(1024)
def _accepted_encodings(accept_encoding: str, policy_encodings: tuple[str, ...]) -> str:
    """Return which of the policy's encodings are in the value of Accept-Encoding, in the order of the policy."""
    accepted = set()
    for entry in accept_encoding.split(","):
        encoding = entry.partition(";")[0]  # "gzip" for "gzip;q=0.5"
        accepted.add(encoding.strip().lower())
    return ",".join(name for name in policy_encodings if name in accepted)


def _sent_encoding(request: ViewerRequest, behaviour: Behaviour) -> str:
    """Return the Accept-Encoding for the origin: the encodings that are in the cache key.

    If no encodings are in the key, and the origin request policy includes the header, return the viewer's own.
    """
    if behaviour.request.headers.includes("accept-encoding") and not behaviour.cache.encodings:
        return request.headers.get("Accept-Encoding", "identity")
    return _keyed_encoding(request, behaviour.cache) or "identity"
