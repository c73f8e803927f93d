"""Ask the origins over HTTP: the API behind the local front, and buckets in the emulator."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import web
from yarl import URL

from stack.edge.distribution import EdgeOrigin
from stack.edge.message import EdgeAnswer, OriginRequest, Unreachable

# CloudFront's defaults, in seconds: "Origin settings".
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Origins:
    """`places`: the local base URL of each origin, by its id in the distribution."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session, "the edge is not running"
        return self._session

    async def connect(self, _: web.Application) -> AsyncIterator[None]:
        """Open the session, and close it when the server stops."""
        jar, connector = aiohttp.DummyCookieJar(), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, auto_decompress=False, cookie_jar=jar, connector=connector
        ) as self._session:
            yield

    async def fetch(self, origin: EdgeOrigin, asked: OriginRequest) -> EdgeAnswer:
        """Return the origin's answer, unchanged. Raise Unreachable."""
        sending = self.session.request(
            asked.method,
            URL(self._places[origin.name] + asked.target, encoded=True),
            headers=asked.headers,
            data=asked.body,
            allow_redirects=False,
            skip_auto_headers=_AUTOMATIC,
        )
        try:
            async with sending as answer:
                return EdgeAnswer(answer.status, answer.headers.copy(), await answer.read())
        except TimeoutError as error:
            raise Unreachable(504) from error
        except aiohttp.ClientError as error:
            raise Unreachable(502) from error
