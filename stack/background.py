"""Serve a web application from a thread of its own, so that the caller can go on."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from stack.sockets import LOOPBACK


@contextmanager
def serve(application: web.Application, port: int) -> Iterator[None]:
    """Serve the application on loopback until the block ends. It gets request bodies as sent, not decompressed."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, auto_decompress=False)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port, backlog=1024).start()

    asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
