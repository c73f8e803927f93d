"""Serve the local CDN over HTTP. The same server shows the inbox: the emails that the site has sent."""

from pathlib import Path

from aiohttp import web

from stack.edge.message import ViewerRequest
from stack.edge.origins import Origins
from stack.inbox import routes

_MAX_BODY_BYTES = 10 * 1024 * 1024


def application(origins: Origins, emulator: str, archive: Path | None = None) -> web.Application:
    """Return a web application that serves the distribution with the logical id `Edge`.

    `emulator`: the emulator's URL. `archive`: the file with the emails of earlier runs, for the inbox.
    """
    edge = origins.edges["Edge"]

    async def serve(request: web.Request) -> web.Response:
        viewer_request = await _viewer_request(request)
        answer = await edge.answer(viewer_request)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    app.cleanup_ctx.append(origins.connect)
    app.on_response_prepare.append(_without_server_header)
    app.add_routes(routes(emulator, archive))
    # Unlike a dot, [\s\S] also matches line breaks: aiohttp decodes a %0A in the path before it compares.
    app.router.add_route("*", r"/{path:[\s\S]*}", serve)
    return app


async def _viewer_request(request: web.Request) -> ViewerRequest:
    path, _, query = request.raw_path.partition("?")
    body = await request.read() if request.can_read_body else b""
    # A viewer who has disconnected has no transport, so no address.
    peer = request.transport.get_extra_info("peername") if request.transport else None
    address, port = peer[:2] if peer else ("127.0.0.1", 0)
    return ViewerRequest(request.method, path, query, request.headers.copy(), body, address, port)


async def _without_server_header(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)  # aiohttp has added its own if the answer had none.
