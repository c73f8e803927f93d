"""Where a request comes from: the visitor's address, and the prefix of our paths.

A CDN sends address and prefix in headers. Anybody can send such headers, so use them only if the request has the CDN's
key.
"""

import re
from hmac import compare_digest
from socket import AF_INET, AF_INET6, inet_pton

from chalice.app import Request

from chalicelib.core.settings import settings

KEY_HEADER = "x-origin-verify"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._-]+)*/?")


def source_ip(request: Request) -> str:
    """Return the visitor's IP address: as the CDN says, or without a CDN as API Gateway sees it."""
    as_gateway_sees = str((request.context.get("identity") or {}).get("sourceIp") or "")
    from_cdn = _address_from_cdn(request) if is_through_cdn(request) else ""
    return from_cdn or as_gateway_sees


def site_prefix(request: Request) -> str:
    """Return the prefix of our paths: "/site" (the stage) on API Gateway's own host, elsewhere usually "".

    A CDN sends the prefix in a header ("/" for ""). Without a CDN, it is the part of requestContext.path before the
    route.
    """
    prefix = request.headers.get("x-forwarded-prefix")
    if prefix is not None and _PREFIX.fullmatch(prefix) and is_through_cdn(request):
        return str(prefix).rstrip("/")
    all_parts = [part for part in request.context.get("path", "").split("/") if part]
    route_parts = [part for part in request.path.split("/") if part]
    return "".join(f"/{part}" for part in all_parts[: len(all_parts) - len(route_parts)])


def is_through_cdn(request: Request) -> bool:
    """Return whether the request has a key that only the CDN knows."""
    sent = str(request.headers.get(KEY_HEADER) or "").encode()
    return any(compare_digest(sent, key.encode()) for key in settings().origin_keys.values())


def _address_from_cdn(request: Request) -> str:
    """Return the visitor's address, which is the second from the end of X-Forwarded-For; "" if there is none.

    The CDN adds the visitor's address at the end, and API Gateway then adds the CDN's address. Visitors can forge all
    earlier addresses. They can also forge CloudFront-Viewer-Address, which CloudFront sets only if a policy lists it.
    """
    forwarded = str(request.headers.get("x-forwarded-for") or "").split(",")
    last_but_one = "".join(forwarded[-2:-1]).strip()
    return last_but_one if _is_address(last_but_one) else ""


def _is_address(text: str) -> bool:
    for family in (AF_INET, AF_INET6):
        try:
            inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return False
