"""The front: a proxy that gives the local site a stable address, because a deployment can change the API's URL.

The front takes the place of a custom domain and of a CDN without a cache. (stack/edge is a CDN with a cache.) The front
follows no redirects and decodes nothing. It sets some headers, as a CDN does: the caller's address, the scheme and host
of the request, the site's empty path prefix, and the key that makes the API trust these headers.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from stack.inbox import routes

# The longest request body. The application's own limit is far lower. So most requests that are too large get the
# application's error, which is more helpful than the error of the front.
_MAX_BODY_BYTES = 10 * 1024 * 1024

# Fewer than the emulator's LAMBDA_ACCOUNT_CONCURRENCY, so that the functions relay, sender and authorizer can run too.
_MAX_REQUESTS_AT_ONCE = 4

# Seconds. API Gateway too stops waiting for our code after 29 seconds.
_TIMEOUT = aiohttp.ClientTimeout(total=29, sock_connect=2)
# Headers that are valid for one connection only (RFC 9110).
_HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
    *("transfer-encoding", "upgrade", "expect"),
}
_KEY_HEADER = "X-Origin-Verify"
HEADERS_NOT_FORWARDED = {*_HOP_BY_HOP, "host", "content-length"}
# Headers of the caller that the API must not get, because a CDN sets them or because they are for one connection.
_DROPPED = {*HEADERS_NOT_FORWARDED, "forwarded", "x-real-ip", _KEY_HEADER.lower(), "cloudfront-viewer-address"}
_RETRY = {"Retry-After": "5", "Cache-Control": "no-store"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Front:
    """Forwards requests to the API. `api`: the API's URL. `key`: the key that makes the API trust the front.

    AWS runs up to a thousand functions at once. The emulator runs only a few, so further requests wait here.
    """

    def __init__(self, api: str, key: str) -> None:
        self._api = api
        self._key = key
        self._slots = asyncio.Semaphore(_MAX_REQUESTS_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Return the client session to the emulator. It exists only while the front runs."""
        assert self._session, "the front is not running"
        return self._session

    async def connect(self, _: web.Application) -> AsyncIterator[None]:
        """Open the session, and close it when the front stops."""
        jar = aiohttp.DummyCookieJar()  # Keeps no cookies: all callers share the session.
        async with aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False, cookie_jar=jar) as self._session:
            yield

    async def pass_on(self, request: web.Request) -> web.Response:
        """Return the API's answer. If the emulator runs too many functions, return a problem document instead."""
        body = await request.read()
        async with self._slots, self._forward(request, body) as answer:
            content = await answer.read()
        # The API sends Retry-After with each 429 (template/api.py). So a 429 without it is the emulator's own.
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" not in answer.headers:
            return problem(429, "Too Many Requests", "Very many people are here right now. Please wait.", _RETRY)
        headers = _end_to_end_headers(answer.headers)
        return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=content)

    def headers(self, request: web.Request) -> CIMultiDict[str]:
        """Return the headers for the API: the caller's, and those that a CDN sets.

        Drop the caller's headers that are valid for one connection only, and those with names that a CDN sets.
        """
        headers: CIMultiDict[str] = CIMultiDict()
        for name, value in request.headers.items():
            lower_name = name.lower()
            is_dropped = lower_name in _DROPPED or lower_name.startswith("x-forwarded-")
            if not is_dropped:
                headers.add(name, value)
        headers["X-Forwarded-For"] = request.remote or "127.0.0.1"
        headers["X-Forwarded-Proto"] = request.scheme
        headers["X-Forwarded-Host"] = request.host
        headers["X-Forwarded-Prefix"] = "/"
        headers[_KEY_HEADER] = self._key
        return headers

    def _forward(self, request: web.Request, body: bytes) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        stream = BytesIO(body) if body else None  # aiohttp warns if a large body is bytes.
        return self.session.request(
            request.method,
            URL(self._api + request.raw_path, encoded=True),
            headers=self.headers(request),
            data=stream,
            allow_redirects=False,
            # aiohttp adds these headers if the caller has not sent them.
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )


def application(emulator: str, api: str, key: str, archive: Path | None = None) -> web.Application:
    """Return a web application with the front and the inbox of the emulator.

    `emulator`, `api`: URLs. `key`: the key that makes the API trust the front. `archive`: the file in which the
    emulator keeps the emails of earlier runs.
    """
    front = Front(api, key)
    return forwarding_application(front, routes(emulator, archive))


def forwarding_application(front: Front, own_routes: Iterable[web.RouteDef] = ()) -> web.Application:
    """Return a web application that answers requests to `own_routes` itself, and forwards all others to the API."""
    app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[_errors_as_problems])
    app.cleanup_ctx.append(front.connect)
    app.on_response_prepare.append(_without_server_header)
    app.add_routes(own_routes)
    # Unlike a dot, [\s\S] also matches line breaks, which a path may contain as %0A.
    app.router.add_route("*", r"/{path:[\s\S]*}", front.pass_on)
    return app


@web.middleware
async def _errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn the front's own errors into problem documents. The API's errors have the same form."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return problem(413, "Content Too Large", "The request is too large.", {})
    except (aiohttp.ClientError, TimeoutError):
        detail = "The emulator does not answer. Please try again in a few seconds."
        return problem(503, "Service Unavailable", detail, _RETRY)


async def _without_server_header(_: web.Request, response: web.StreamResponse) -> None:
    """Remove the header in which aiohttp names itself."""
    response.headers.popall("Server", None)


def _end_to_end_headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return all headers except those for one connection only, and Content-Length, which is computed again."""
    dropped = {*_HOP_BY_HOP, "content-length"}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def problem(status: int, title: str, detail: str, headers: dict[str, str]) -> web.Response:
    """Return an error as a problem document (RFC 9457), as the API does."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return web.Response(
        status=status,
        text=json.dumps(document),
        content_type="application/problem+json",
        headers={**headers, "Access-Control-Allow-Origin": "*"},
    )
