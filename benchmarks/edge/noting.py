"""The API's endpoint behind the CDN, which notes what reaches it."""

import time

from aiohttp import web

from benchmarks.edge.record import Record
from stack.edge.gateway import Gateway


class NotingGateway(Gateway):
    """Notes the requests of the CDN. It accepts everybody, because only the CDN is sent here."""

    def __init__(self, api: str, record: Record) -> None:
        super().__init__(api, ())
        self._record = record

    async def pass_on(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            target = request.raw_path.removeprefix("/site")
            self._record.reached_the_origin(target, request.headers["Accept-Encoding"], time.time())
        return await super().pass_on(request)
