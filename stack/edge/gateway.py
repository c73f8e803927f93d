"""The local API Gateway: the API's own endpoint, to which the CDN sends requests.

The CDN puts a secret into the header Referer. As on AWS, the API's resource policy refuses requests without the
secret.
"""

from collections.abc import Collection

from aiohttp import web

from stack.edge.message import Headers
from stack.front import HEADERS_NOT_FORWARDED, Front, forwarding_application, problem

EDGE_ADDRESS = "198.51.100.7"
"""The address of a CDN server. For API Gateway, it is the caller's address, because the CDN sends the request.

The emulator instead uses the first address in X-Forwarded-For as the caller's address."""


class Gateway(Front):
    """Passes requests on to the API, as API Gateway does.

    `accepted_referers`: the values of Referer that the resource policy accepts. If empty, all requests pass.
    """

    def __init__(self, api: str, accepted_referers: Collection[str]) -> None:
        super().__init__(api, key="")  # No key: `headers` below does not send it.
        self._accepted_referers = accepted_referers

    async def pass_on(self, request: web.Request) -> web.Response:
        if self._accepted_referers and request.headers.get("Referer") not in self._accepted_referers:
            return problem(403, "Forbidden", "This address answers only to the CDN.", {})
        return await super().pass_on(request)

    def headers(self, request: web.Request) -> Headers:
        """Return the headers of the CDN's request, with the CDN's address at the end of X-Forwarded-For.

        API Gateway does the same.
        """
        headers = request.headers.copy()
        for name in HEADERS_NOT_FORWARDED:
            headers.popall(name, None)
        addresses = headers.get("X-Forwarded-For")
        headers["X-Forwarded-For"] = f"{addresses}, {EDGE_ADDRESS}" if addresses else EDGE_ADDRESS
        return headers


def application(api: str, accepted_referers: Collection[str]) -> web.Application:
    """Return an application that forwards requests to `api`, the API's URL without the stage."""
    return forwarding_application(Gateway(api, accepted_referers))
