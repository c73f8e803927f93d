"""Where a request comes from: the visitor's address, the page that sent it, and the prefix of our paths.

A CDN sends address and prefix in headers. Anybody can send such headers, so use them only if the request has the CDN's
key.
"""

import re
from hmac import compare_digest
from socket import AF_INET, AF_INET6, inet_pton
from urllib.parse import urlsplit

from chalice.app import Request

from chalicelib.core.settings import settings

KEY_HEADER = "x-origin-verify"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._-]+)*/?")


def source_ip(request: Request) -> str:
    """Return the visitor's IP address: as the CDN says, else as API Gateway sees it; "" if neither names one."""
    from_cdn = _address_from_cdn(request) if is_through_cdn(request) else ""
    if from_cdn:
        return from_cdn
    identity = request.context.get("identity") or {}
    return str(identity.get("sourceIp") or "")


def is_from_own_page(request: Request) -> bool | None:
    """Return whether a page of this site sent the request. None: the browser does not say, or it is no browser.

    No page of another site can set these headers in a browser (MDN, "Forbidden request header"). A program can send
    anything. "null" and "none" say nothing: our pages send no referrer, so their forms have the origin "null". So has
    the form of any other page that sends none.
    """
    relation = _header(request, "sec-fetch-site")
    if relation not in ("", "none"):
        return relation == "same-origin"
    origin = _header(request, "origin")  # Older browsers send only this, at least with a script's request.
    if origin in ("", "null"):
        return None
    site = urlsplit(settings().site_url)
    return origin == f"{site.scheme}://{site.netloc}"


def path_prefix(request: Request) -> str:
    """Return the prefix of our paths: "/site" (the stage) on API Gateway's own host, elsewhere usually "".

    A CDN sends the prefix in a header, or "/" if there is no prefix. Without a CDN, it is the part of
    requestContext.path before the route.
    """
    prefix = request.headers.get("x-forwarded-prefix")
    is_prefix = prefix is not None and _PREFIX.fullmatch(prefix) is not None
    if is_prefix and is_through_cdn(request):
        return str(prefix).rstrip("/")
    parts = _parts(request.context.get("path", ""))
    prefix_length = len(parts) - len(_parts(request.path))
    return "".join(f"/{part}" for part in parts[:prefix_length])


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def is_through_cdn(request: Request) -> bool:
    """Return whether the request has a key that only the CDN knows."""
    sent_key = _header(request, KEY_HEADER).encode()
    cdn_keys = settings().origin_keys.values()
    return any(compare_digest(sent_key, key.encode()) for key in cdn_keys)


def _address_from_cdn(request: Request) -> str:
    """Return the visitor's address, which is the second from the end of X-Forwarded-For; "" if there is none.

    The CDN adds the visitor's address at the end, and API Gateway then adds the CDN's address. Visitors can forge all
    earlier addresses. Do not use the header CloudFront-Viewer-Address: CloudFront sets it only if a policy lists it.
    Without such a policy, perhaps visitors can forge it (docs/aws-facts.md).
    """
    forwarded = _header(request, "x-forwarded-for").split(",")
    last_but_one = forwarded[-2].strip() if len(forwarded) > 1 else ""
    return last_but_one if _is_address(last_but_one) else ""


def _header(request: Request, name: str) -> str:
    """Return the value of a header; "" if the request does not have it."""
    return str(request.headers.get(name) or "")


def _is_address(text: str) -> bool:
    for family in (AF_INET, AF_INET6):
        try:
            inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return False
