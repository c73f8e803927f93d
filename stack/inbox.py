"""The inbox of `stack.local` for the front, whose web server is asynchronous."""

import asyncio
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from stack.local.inbox import Inbox


def routes(emulator: str, archive: Path | None = None) -> list[web.RouteDef]:
    """Return the inbox's routes. `archive`: the file with the emails of earlier runs."""
    inbox = Inbox(emulator, archive or Path("no archive"))

    async def show(request: web.Request) -> web.Response:
        answer = await asyncio.to_thread(inbox.answer, request.path)
        if answer is None:
            raise web.HTTPNotFound(text="This email does not exist.")
        return web.Response(status=answer.status, headers=CIMultiDict(answer.headers), body=answer.body)

    return [web.get("/_local/{page:inbox.*}", show)]
