"""Send a request to its origin. An origin is the API, a bucket, or another distribution.

The API and a bucket get requests over HTTP. For another distribution, its `Edge` is called.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from io import BytesIO

import aiohttp
from aiohttp import web
from yarl import URL

from stack.edge.distribution import Distribution, EdgeOrigin
from stack.edge.engine import Edge
from stack.edge.message import EdgeAnswer, OriginRequest, Unreachable, ViewerRequest

# CloudFront's defaults, in seconds: "Origin settings" (CloudFront Developer Guide).
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
# aiohttp would add these headers if the request does not have them.
_AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Origins:
    """Sends requests to origins. `edges`: the `Edge` that serves each distribution, by the distribution's logical id.

    `api`: the API's local URL. `sign_url`: a function that returns the signed URL of a path in the bucket, because
    CloudFront also signs its requests to a bucket.
    """

    def __init__(
        self,
        distributions: Mapping[str, Distribution],
        clock: Callable[[], float],
        api: str,
        sign_url: Callable[[str], str],
    ) -> None:
        self._api, self._sign_url = api, sign_url
        self.edges: dict[str, Edge] = {}
        self._edges_by_domain: dict[str, Edge] = {}
        for name, distribution in distributions.items():
            edge = Edge(distribution, self.fetch, clock)
            self.edges[name] = edge
            self._edges_by_domain[distribution.domain] = edge
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session, "the edge is not running"
        return self._session

    async def connect(self, _: web.Application) -> AsyncIterator[None]:
        """Open the HTTP client's session when the server starts, and close it when the server stops.

        aiohttp calls this with the application.
        """
        jar, connector = aiohttp.DummyCookieJar(), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, auto_decompress=False, cookie_jar=jar, connector=connector
        ) as self._session:
            yield

    async def fetch(self, origin: EdgeOrigin, origin_request: OriginRequest) -> EdgeAnswer:
        """Return the origin's answer, unchanged. Raise Unreachable if no answer comes."""
        target = origin_request.target
        other_edge = self._edges_by_domain.get(origin.domain)
        if other_edge:
            path, _, query = target.partition("?")
            headers = origin_request.headers.copy()
            return await other_edge.answer(
                ViewerRequest(origin_request.method, path, query, headers, origin_request.body)
            )
        url = self._sign_url(target) if origin.is_bucket else self._api + target
        return await self._over_http(url, origin_request)

    async def _over_http(self, url: str, origin_request: OriginRequest) -> EdgeAnswer:
        body = origin_request.body
        sending = self.session.request(
            origin_request.method,
            URL(url, encoded=True),
            headers=origin_request.headers,
            data=BytesIO(body) if body else None,  # aiohttp warns of large bytes.
            allow_redirects=False,
            skip_auto_headers=_AUTOMATIC_HEADERS,
        )
        try:
            async with sending as answer:
                return EdgeAnswer(answer.status, answer.headers.copy(), await answer.read())
        except TimeoutError as error:  # First, because aiohttp's timeouts are also ClientErrors.
            raise Unreachable(504) from error
        except aiohttp.ClientError as error:
            raise Unreachable(502) from error
