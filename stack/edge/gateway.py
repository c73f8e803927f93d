"""The API's own endpoint behind a CDN. As on AWS, its resource policy refuses who does not send the CDN's key."""

from collections.abc import Collection

from aiohttp import web

from stack.edge.message import Headers
from stack.front import NOT_PASSED_ON, Front, problem, serving

EDGE_ADDRESS = "198.51.100.7"
"""What API Gateway takes for the caller: a server of the CDN. The visitor's address is in the CDN's headers."""


class Gateway(Front):
    """`keys`: values of Referer that the resource policy accepts. Empty: it accepts everybody."""

    def __init__(self, api: str, keys: Collection[str]) -> None:
        super().__init__(api, "")
        self._keys = keys

    async def pass_on(self, request: web.Request) -> web.Response:
        if self._keys and request.headers.get("Referer") not in self._keys:
            return problem(403, "Forbidden", "This address answers only to the CDN.", {})
        return await super().pass_on(request)

    def headers(self, request: web.Request) -> Headers:
        """Return the headers of the CDN, with its address as the caller's."""
        headers = request.headers.copy()
        for name in NOT_PASSED_ON:
            headers.popall(name, None)
        # The emulator takes the first address for the caller. API Gateway adds the caller at the end.
        headers["X-Forwarded-For"] = EDGE_ADDRESS
        return headers


def application(api: str, keys: Collection[str]) -> web.Application:
    """Return the endpoint of an API below `api`, the URL without the stage."""
    return serving(Gateway(api, keys))
