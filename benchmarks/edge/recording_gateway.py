"""A local API Gateway behind the CDN that records the requests that reach it."""

import time

from aiohttp import web

from benchmarks.edge.record import Record
from stack.edge.gateway import Gateway


class RecordingGateway(Gateway):
    """Records GET requests. It accepts every Referer, because only the CDN sends requests here."""

    def __init__(self, api: str, record: Record) -> None:
        super().__init__(api, ())
        self._record = record

    async def pass_on(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            target = request.raw_path.removeprefix("/site")
            self._record.add_origin_request(target, request.headers["Accept-Encoding"], time.time())
        return await super().pass_on(request)
