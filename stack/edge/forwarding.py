"""Make the cache key of a request, and the request for the origin, as a behaviour's policies say.

The cache policy says which parts of the request are in the key. The origin gets these parts too. The origin request
policy says which other parts the origin gets.

Sources: "Understand cache policies", "Understand origin request policies" and "Add CloudFront request headers"
(CloudFront Developer Guide).
"""

from functools import lru_cache
from urllib.parse import unquote_plus

from multidict import CIMultiDict

from stack.edge.distribution import Behaviour, CachePolicy, NameSelection
from stack.edge.message import VIA, Headers, OriginRequest, ViewerRequest, list_entries

Key = tuple[object, ...]
# These headers are not copied from the viewer's request. `_headers` writes some of them, such as Cookie and Via.
_NOT_COPIED = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"),
        *("expect", "content-length", "accept-encoding", "cookie", "via", "x-forwarded-for", "user-agent"),
        *("if-none-match", "if-modified-since", "range", "x-real-ip", "proxy-authorization", "proxy-authenticate"),
    }
)
# Only CloudFront itself sets headers with this prefix.
_CLOUDFRONT_PREFIX = "cloudfront-"


def key_of(request: ViewerRequest, policy: CachePolicy) -> Key:
    """Return the cache key. GET and HEAD have the same key, OPTIONS has another."""
    method = "GET" if request.is_read else request.method
    headers = tuple((name, request.headers.get(name)) for name in sorted(policy.headers.names))
    cookies = tuple(pair for pair in _cookie_pairs(request) if policy.cookies.includes(pair.partition("=")[0]))
    return (method, request.path, _query(request, policy.query), headers, cookies, _keyed_encoding(request, policy))


def origin_request_of(request: ViewerRequest, behaviour: Behaviour) -> OriginRequest:
    """Return the request for the origin: what the behaviour's two policies include, and what CloudFront adds itself.

    If the answer may be cached, HEAD becomes GET, so that the cache gets the body.
    """
    selections = (behaviour.cache.query, behaviour.request.query)
    included = [part for part in _query_parts(request.query) if any(_includes(each, part) for each in selections)]
    query = "&".join(included)
    method = "GET" if request.method == "HEAD" and behaviour.may_cache("HEAD") else request.method
    target = f"{request.path}?{query}" if query else request.path
    return OriginRequest(method, target, _headers(request, behaviour), request.body)


def _headers(request: ViewerRequest, behaviour: Behaviour) -> Headers:
    cache_selection, request_selection = behaviour.cache.headers, behaviour.request.headers
    headers: Headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if (lower := name.lower()) not in _NOT_COPIED
        and not lower.startswith((_CLOUDFRONT_PREFIX, "x-amz-", "x-edge-"))
        and (cache_selection.includes(lower) or request_selection.includes(lower))
    )
    is_agent_sent = cache_selection.includes("user-agent") or request_selection.includes("user-agent")
    headers["User-Agent"] = request.headers.get("User-Agent", "") if is_agent_sent else "Amazon CloudFront"
    headers["X-Forwarded-For"] = ", ".join([*list_entries(request.headers.get("X-Forwarded-For", "")), request.address])
    headers["Via"] = VIA
    headers["Accept-Encoding"] = _sent_encoding(request, behaviour)
    # CloudFront adds this header only if the policy names it. (With allExcept, the names are those to leave out.)
    if "cloudfront-viewer-address" in request_selection.names and request_selection.mode != "allExcept":
        headers["CloudFront-Viewer-Address"] = f"{request.address}:{request.port}"
    cookies = [pair for pair in _cookie_pairs(request) if _forwards_cookie(behaviour, pair.partition("=")[0])]
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return headers


def _forwards_cookie(behaviour: Behaviour, name: str) -> bool:
    return behaviour.cache.cookies.includes(name) or behaviour.request.cookies.includes(name)


def _cookie_pairs(request: ViewerRequest) -> list[str]:
    return [part.strip() for part in request.headers.get("Cookie", "").split(";") if part.strip()]


def _query(request: ViewerRequest, selection: NameSelection) -> str:
    return "&".join(part for part in _query_parts(request.query) if _includes(selection, part))


def _query_parts(query: str) -> list[str]:
    return [part for part in query.split("&") if part]


def _includes(selection: NameSelection, part: str) -> bool:
    return selection.includes(unquote_plus(part.partition("=")[0]))


def _keyed_encoding(request: ViewerRequest, policy: CachePolicy) -> str:
    """Return those encodings of the cache key that the viewer accepts: "br,gzip", "br", "gzip" or ""."""
    return _accepted_encodings(request.headers.get("Accept-Encoding", ""), policy.encodings)


@lru_cache(1024)
def _accepted_encodings(accept_encoding: str, keyed: tuple[str, ...]) -> str:
    accepted = {part.partition(";")[0].strip().lower() for part in accept_encoding.split(",")}
    return ",".join(name for name in keyed if name in accepted)


def _sent_encoding(request: ViewerRequest, behaviour: Behaviour) -> str:
    """Return the Accept-Encoding for the origin: the encodings that are in the cache key.

    If no encodings are in the key, and the origin request policy includes the header, return the viewer's own.
    """
    if behaviour.request.headers.includes("accept-encoding") and not behaviour.cache.encodings:
        return request.headers.get("Accept-Encoding", "identity")
    return _keyed_encoding(request, behaviour.cache) or "identity"
