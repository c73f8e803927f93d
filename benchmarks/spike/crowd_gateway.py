"""The local API Gateway of a spike: to the site, the crowd on this machine comes from networks of the internet."""

from aiohttp import web

from benchmarks.edge.recording_gateway import RecordingGateway
from stack.edge.message import Headers


class CrowdGateway(RecordingGateway):
    """Changes visitors' addresses from 127.x.y.z to 10.x.y.z: loopback has no limit of first emails."""

    def headers(self, request: web.Request) -> Headers:
        headers = super().headers(request)
        visitor = headers["X-Forwarded-For"].removeprefix("127.")
        headers["X-Forwarded-For"] = f"10.{visitor}"
        return headers
