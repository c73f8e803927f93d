"""The cache key of a request, and the request that goes to the origin.

"Understand cache policies", "Understand origin request policies" and "Add CloudFront request headers".
"""

from functools import lru_cache
from urllib.parse import unquote_plus

from multidict import CIMultiDict

from stack.edge.distribution import Behaviour, CachePolicy, WhichOnes
from stack.edge.message import VIA, Headers, OriginRequest, ViewerRequest, words

Key = tuple[object, ...]
_NEVER_SENT = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"),
        *("expect", "content-length", "accept-encoding", "cookie", "via", "x-forwarded-for", "user-agent"),
        *("if-none-match", "if-modified-since", "range", "x-real-ip", "proxy-authorization", "proxy-authenticate"),
    }
)
_MADE_BY_POLICY = "cloudfront-"


def key_of(request: ViewerRequest, policy: CachePolicy) -> Key:
    """Return the cache key. HEAD shares that of GET, OPTIONS has its own."""
    method = "GET" if request.reads else request.method
    headers = tuple((name, request.headers.get(name)) for name in sorted(policy.headers.names))
    cookies = tuple(pair for pair in _cookies(request) if policy.cookies.takes(pair.partition("=")[0]))
    return (method, request.path, _query(request, policy.query), headers, cookies, _encoding(request, policy))


def forwarded(request: ViewerRequest, behaviour: Behaviour) -> OriginRequest:
    """Return the request for the origin: what the policies name, and what CloudFront adds itself."""
    cache, more = behaviour.cache, behaviour.request
    query = "&".join(part for part in _parts(request.query) if _takes(cache.query, part) or _takes(more.query, part))
    method = "GET" if behaviour.caches(request.method) and request.method == "HEAD" else request.method
    target = f"{request.path}?{query}" if query else request.path
    return OriginRequest(method, target, _headers(request, behaviour), request.body)


def _headers(request: ViewerRequest, behaviour: Behaviour) -> Headers:
    cache, more = behaviour.cache.headers, behaviour.request.headers
    headers: Headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if (low := name.lower()) not in _NEVER_SENT
        and not low.startswith((_MADE_BY_POLICY, "x-amz-", "x-edge-"))
        and (cache.takes(low) or more.takes(low))
    )
    wants_agent = any(choice.takes("user-agent") for choice in (cache, more))
    headers["User-Agent"] = request.headers.get("User-Agent", "") if wants_agent else "Amazon CloudFront"
    headers["X-Forwarded-For"] = ", ".join([*words(request.headers.get("X-Forwarded-For", "")), request.address])
    headers["Via"] = VIA
    headers["Accept-Encoding"] = _sent_encoding(request, behaviour)
    if "cloudfront-viewer-address" in more.names and more.behaviour != "allExcept":
        headers["CloudFront-Viewer-Address"] = f"{request.address}:{request.port}"
    cookies = [pair for pair in _cookies(request) if _sends_cookie(behaviour, pair.partition("=")[0])]
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return headers


def _sends_cookie(behaviour: Behaviour, name: str) -> bool:
    return behaviour.cache.cookies.takes(name) or behaviour.request.cookies.takes(name)


def _cookies(request: ViewerRequest) -> list[str]:
    return [part.strip() for part in request.headers.get("Cookie", "").split(";") if part.strip()]


def _query(request: ViewerRequest, choice: WhichOnes) -> str:
    return "&".join(part for part in _parts(request.query) if _takes(choice, part))


def _parts(query: str) -> list[str]:
    return [part for part in query.split("&") if part]


def _takes(choice: WhichOnes, part: str) -> bool:
    return choice.takes(unquote_plus(part.partition("=")[0]))


def _encoding(request: ViewerRequest, policy: CachePolicy) -> str:
    """Return Accept-Encoding as CloudFront normalises it: `br,gzip`, `br`, `gzip`, or "" if the policy has neither."""
    return _normalised(request.headers.get("Accept-Encoding", ""), policy.encodings)


@lru_cache(1024)
def _normalised(encodings: str, keyed: tuple[str, ...]) -> str:
    accepted = {part.partition(";")[0].strip().lower() for part in encodings.split(",")}
    return ",".join(name for name in keyed if name in accepted)


def _sent_encoding(request: ViewerRequest, behaviour: Behaviour) -> str:
    if behaviour.request.headers.takes("accept-encoding") and not behaviour.cache.encodings:
        return request.headers.get("Accept-Encoding", "identity")
    return _encoding(request, behaviour.cache) or "identity"
