"""The API's own endpoint behind a CDN. As on AWS, its resource policy refuses requests without the CDN's key."""

from collections.abc import Collection

from aiohttp import web

from stack.edge.message import Headers
from stack.front import HEADERS_NOT_FORWARDED, Front, forwarding_application, problem

EDGE_ADDRESS = "198.51.100.7"
"""The caller for API Gateway: a server of the CDN. The emulator takes the first address of X-Forwarded-For instead."""


class Gateway(Front):
    """`keys`: the values of Referer that the resource policy accepts. If empty, it accepts every request."""

    def __init__(self, api: str, keys: Collection[str]) -> None:
        super().__init__(api, "")
        self._keys = keys

    async def pass_on(self, request: web.Request) -> web.Response:
        if self._keys and request.headers.get("Referer") not in self._keys:
            return problem(403, "Forbidden", "This address answers only to the CDN.", {})
        return await super().pass_on(request)

    def headers(self, request: web.Request) -> Headers:
        """Return the CDN's headers. Like API Gateway, add the CDN's address at the end of X-Forwarded-For."""
        headers = request.headers.copy()
        for name in HEADERS_NOT_FORWARDED:
            headers.popall(name, None)
        before = headers.get("X-Forwarded-For")
        headers["X-Forwarded-For"] = f"{before}, {EDGE_ADDRESS}" if before else EDGE_ADDRESS
        return headers


def application(api: str, keys: Collection[str]) -> web.Application:
    """Return an application that forwards requests to `api`, the API's URL without the stage."""
    return forwarding_application(Gateway(api, keys))
