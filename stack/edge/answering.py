"""The changes that the local CDN makes to an answer: before it caches the answer, and for each viewer.

CloudFront makes the same changes. A viewer is a client of the CDN, for example a browser. Titles in quotes are from the
CloudFront Developer Guide.
"""

import gzip
import re
from dataclasses import replace
from email.utils import parsedate_to_datetime

import brotli
from multidict import CIMultiDict

from stack.edge.distribution import Behaviour
from stack.edge.message import VIA, EdgeAnswer, Headers, OriginRequest, ViewerRequest, list_entries

# The sizes, statuses and types of the answers that the CDN compresses: "Serve compressed files".
_MIN_COMPRESSED_BYTES, _MAX_COMPRESSED_BYTES = 1_000, 10_000_000
_COMPRESSED_STATUSES = (200, 403, 404)
_COMPRESSED_TYPES = frozenset(
    {
        *("text/html", "text/css", "text/javascript", "application/javascript", "application/json", "text/csv"),
        *("text/plain", "application/xml", "text/xml", "image/svg+xml", "application/rss+xml"),
    }
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def error_page(status: int, detail: str) -> EdgeAnswer:
    """Return an error page that comes from the CDN, not from an origin."""
    body = f"<!DOCTYPE html><title>ERROR: The request could not be satisfied</title><h1>{status}</h1><p>{detail}</p>"
    headers: Headers = CIMultiDict({"Content-Type": "text/html", "Server": "CloudFront"})
    return EdgeAnswer(status, headers, body.encode())


def for_cache(answer: EdgeAnswer, origin_request: OriginRequest, behaviour: Behaviour) -> EdgeAnswer:
    """Return the origin's answer as it is cached: compressed, with a shorter Vary, without headers for one connection.

    The cached answer has no Set-Cookie if the behaviour forwards no cookies to the origin.
    """
    headers = answer.headers.copy()
    # Content-Length goes too: compression changes the length, and the server computes it again.
    for name in ("Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Content-Length"):
        headers.popall(name, None)
    if not behaviour.forwards_cookies:
        headers.popall("Set-Cookie", None)
    _shorten_vary(headers, origin_request)
    return _compressed(replace(answer, headers=headers), origin_request, behaviour)


def _shorten_vary(headers: Headers, origin_request: OriginRequest) -> None:
    """Remove from Vary the names of headers that the origin did not get. Accept-Encoding and Cookie always stay.

    Source: "Request and response behavior for custom origins".
    """
    vary = ",".join(headers.popall("Vary", []))
    kept = []
    for name in list_entries(vary):
        always_stays = name.lower() in ("accept-encoding", "cookie")
        if always_stays or name in origin_request.headers:
            kept.append(name)
    if kept:
        headers["Vary"] = ", ".join(kept)


def _compressed(answer: EdgeAnswer, origin_request: OriginRequest, behaviour: Behaviour) -> EdgeAnswer:
    """Return the answer compressed (its headers are changed too), or the same answer if it must not be compressed."""
    # Without encodings in the cache key, CloudFront does not compress.
    may_compress = behaviour.compresses and behaviour.cache.encodings
    if not may_compress or not _is_compressible(answer):
        return answer
    # forwarding.py writes into this header what the viewer accepts, without spaces.
    accepted = origin_request.headers["Accept-Encoding"].split(",")
    if "br" in accepted:
        encoding = "br"
        body = brotli.compress(answer.body, quality=5)
    elif "gzip" in accepted:
        encoding = "gzip"
        body = gzip.compress(answer.body, 6, mtime=0)
    else:
        return answer
    headers = answer.headers
    headers["Content-Encoding"] = encoding
    if headers.get("ETag", "").startswith('"'):  # A strong ETag becomes weak.
        headers["ETag"] = f"W/{headers['ETag']}"
    vary = list_entries(headers.get("Vary", ""))
    other_names = [name for name in vary if name.lower() != "accept-encoding"]
    headers["Vary"] = ", ".join([*other_names, "Accept-Encoding"])
    return replace(answer, body=body)


def _is_compressible(answer: EdgeAnswer) -> bool:
    """Return whether CloudFront compresses answers of this status, type and size. It compresses no answer twice."""
    if answer.status not in _COMPRESSED_STATUSES or "Content-Encoding" in answer.headers:
        return False
    content_type = answer.headers.get("Content-Type", "")
    media_type = content_type.partition(";")[0]  # "text/html" for "text/html; charset=utf-8"
    if media_type.strip().lower() not in _COMPRESSED_TYPES:
        return False
    return _MIN_COMPRESSED_BYTES <= len(answer.body) <= _MAX_COMPRESSED_BYTES


def for_viewer(answer: EdgeAnswer, request: ViewerRequest, behaviour: Behaviour, x_cache: str, age: int) -> EdgeAnswer:
    """Return the answer for one viewer, with X-Cache. A Hit or RefreshHit also has Age. `age` is in seconds.

    Return 304 if the viewer already has this answer. Return 206 or 416 if the viewer asks for a range of the answer.
    """
    headers = answer.headers.copy()
    headers["X-Cache"] = f"{x_cache} from cloudfront"
    headers["Via"] = VIA
    if x_cache in ("Hit", "RefreshHit"):
        headers["Age"] = str(age)
    for name, (value, overrides) in behaviour.added_headers.items():
        if overrides or name not in headers:
            headers[name] = value
    complete = replace(answer, headers=headers)
    if request.is_get_or_head and answer.status == 200:
        if _viewer_has_answer(request, headers):
            return _as_not_modified(complete)
        if "Range" in request.headers:
            return _requested_range(complete, request.headers["Range"])
    return complete


def _viewer_has_answer(request: ViewerRequest, headers: Headers) -> bool:
    """Return whether the viewer already has this answer, by If-None-Match or else If-Modified-Since."""
    if_none_match = request.headers.get("If-None-Match")
    if if_none_match is not None:
        viewers_etags = [tag.removeprefix("W/") for tag in list_entries(if_none_match)]
        etag = headers.get("ETag", "-").removeprefix("W/")  # "-" equals no valid ETag, because an ETag is in quotes.
        return "*" in viewers_etags or etag in viewers_etags
    since = request.headers.get("If-Modified-Since")
    changed = headers.get("Last-Modified")
    if not since or not changed:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _as_not_modified(answer: EdgeAnswer) -> EdgeAnswer:
    """Return the answer with status 304, without its body and without the headers that describe the body."""
    for name in ("Content-Type", "Content-Encoding", "Content-Language"):
        answer.headers.popall(name, None)
    return replace(answer, status=304, body=b"")


def _requested_range(answer: EdgeAnswer, range_header: str) -> EdgeAnswer:
    """Return the part of the body that the Range header asks for. Source: "Range GETs".

    Return 416 for a range after the end of the body. Return the whole answer if the header is not one valid range.
    """
    found = _RANGE.fullmatch(range_header.strip())
    if not found:
        return answer
    first, last = found.groups()
    if not first and not last:
        return answer
    size = len(answer.body)
    end = size - 1
    if not first:  # `bytes=-500` asks for the last 500 bytes.
        begin = max(0, size - int(last))
    else:
        begin = int(first)
        if last:
            end = min(int(last), end)
    if begin >= size:
        return replace(answer.with_headers({"Content-Range": f"bytes */{size}"}), status=416, body=b"")
    if begin > end:
        return answer
    ranged = answer.with_headers({"Content-Range": f"bytes {begin}-{end}/{size}"})
    return replace(ranged, status=206, body=answer.body[begin : end + 1])
