"""The front, our local proxy, forwards everything unchanged, and answers 503 when the emulator is down."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from stack.front import application
from stack.sockets import LOOPBACK, free_port
from tests.stack.edge.scene import result_of

BODY = bytes(range(256))
KEY = "the-key"


async def echo(request: web.Request) -> web.Response:
    """Return the received request, in an answer with headers that a proxy is likely to change."""
    received = {"target": request.raw_path, "headers": dict(request.headers), "size": len(await request.read())}
    headers = {"X-Seen": json.dumps(received), "Location": "/elsewhere", "Content-Encoding": "x-kept", "ETag": '"1"'}
    return web.Response(status=303, body=BODY, headers=headers)


EMAIL: dict[str, Any] = {
    "MessageId": "1",
    "Source": "petitions@example.org",
    "To": ["ada@example.org"],
    "Subject": "Confirm <now>",
    "BodyText": "Open http://127.0.0.1/confirm?token=a~b.c. <script>alert(1)</script>",
    "BodyHtml": '<p onclick="x()">Hi</p>',
    "Timestamp": 1795563371.1,
}


async def messages(_: web.Request) -> web.Response:
    later = {**EMAIL, "MessageId": "2", "Subject": "Later"}
    return web.json_response({"messages": {"000000000000": [EMAIL, later]}})


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    yield f"http://{LOOPBACK}:{port}"
    await runner.cleanup()


def upstream() -> web.Application:
    app = web.Application()
    app.router.add_get("/_ministack/ses/messages", messages)
    app.router.add_route("*", "/api/{rest:.*}", echo)
    return app


def run_with_front(test: Callable[[aiohttp.ClientSession, str], Awaitable[None]], archive: Path | None = None) -> None:
    async def run() -> None:
        async with (
            serving(upstream()) as emulator_url,
            serving(application(emulator_url, f"{emulator_url}/api", KEY, archive)) as front,
            aiohttp.ClientSession(auto_decompress=False) as session,
        ):
            await test(session, front)

    result_of(run())


async def ask(
    session: aiohttp.ClientSession, url: str | URL, method: str = "GET", **more: Any
) -> tuple[aiohttp.ClientResponse, bytes]:
    async with session.request(method, url, allow_redirects=False, **more) as answer:
        return answer, await answer.read()


def test_status_headers_and_body_are_unchanged_and_redirects_are_not_followed() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        answer, body = await ask(session, f"{front}/petitions/x", method="POST", data=b"12345")
        assert (answer.status, body) == (303, BODY)
        assert answer.headers["Location"] == "/elsewhere"
        assert answer.headers["Content-Encoding"] == "x-kept"
        assert answer.headers["ETag"] == '"1"'
        assert "Server" not in answer.headers
        assert json.loads(answer.headers["X-Seen"])["size"] == 5

    run_with_front(test)


def test_a_body_with_a_false_encoding_is_unchanged() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        headers = {"Content-Encoding": "gzip"}
        answer, body = await ask(session, f"{front}/petitions/x", method="POST", data=b"12345", headers=headers)
        assert (answer.status, body) == (303, BODY)

    run_with_front(test)


def test_path_and_query_are_unchanged() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        target = "/petitions/a%2Fb%20c?source=x%26y&z=%E2%82%AC"
        answer, _ = await ask(session, URL(front + target, encoded=True))
        assert json.loads(answer.headers["X-Seen"])["target"] == "/api" + target

    run_with_front(test)


def test_the_callers_address_comes_from_the_connection_not_from_its_headers() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Prefix": "/evil", "Forwarded": "for=6.6.6.6"}
        forged |= {"X-Origin-Verify": "guessed", "CloudFront-Viewer-Address": "6.6.6.6:1"}
        answer, _ = await ask(session, front + "/", headers=forged)
        received = json.loads(answer.headers["X-Seen"])["headers"]
        assert received["X-Forwarded-For"] == "127.0.0.1"
        assert received["X-Forwarded-Prefix"] == "/"
        assert received["X-Origin-Verify"] == KEY
        assert "CloudFront-Viewer-Address" not in received
        assert received["X-Forwarded-Proto"] == "http"
        assert received["X-Forwarded-Host"] == front.removeprefix("http://")
        assert "Forwarded" not in received

    run_with_front(test)


def test_a_body_beyond_the_limit_is_413() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        too_large = BytesIO(b"x" * (10 * 1024 * 1024 + 1))
        answer, body = await ask(session, front + "/", method="POST", data=too_large)
        assert answer.status == 413
        assert json.loads(body)["status"] == 413

    run_with_front(test)


def test_without_an_emulator_the_answer_is_503_with_retry_after() -> None:
    async def run() -> None:
        down = f"http://{LOOPBACK}:{free_port()}"
        async with serving(application(down, down, KEY)) as front, aiohttp.ClientSession() as session:
            answer, body = await ask(session, front + "/")
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "5"
            assert answer.content_type == "application/problem+json"
            assert json.loads(body)["status"] == 503

    result_of(run())


def test_the_inbox_lists_the_newest_email_first_and_runs_no_scripts() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        _, listing = await ask(session, f"{front}/_local/inbox")
        assert listing.index(b"Later") < listing.index(b"Confirm &lt;now&gt;")
        answer, page = await ask(session, f"{front}/_local/inbox/1")
        assert b"<script>" not in page
        assert b'href="http://127.0.0.1/confirm?token=a~b.c"' in page
        assert b"allow-scripts" not in page
        assert b"&lt;p onclick" in page
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    run_with_front(test)


def test_the_inbox_has_the_emails_of_earlier_runs_once(tmp_path: Path) -> None:
    """The archive has an earlier email, a line cut off when the emulator was killed, and an email of this run."""

    async def test(session: aiohttp.ClientSession, front: str) -> None:
        _, body = await ask(session, f"{front}/_local/inbox.json")
        mails = json.loads(body)["mails"]
        assert [mail["subject"] for mail in mails] == ["Later", "Confirm <now>", "Earlier"]

    archive = tmp_path / "inbox.jsonl"
    earlier = {**EMAIL, "MessageId": "0", "Subject": "Earlier", "Timestamp": 1.5}
    cut_off = '{"MessageId": "1", "Sub'
    archive.write_text(f"\n{json.dumps(earlier)}\n{cut_off}\n{json.dumps(EMAIL)}")
    run_with_front(test, archive)


def test_an_unknown_email_is_404() -> None:
    async def test(session: aiohttp.ClientSession, front: str) -> None:
        answer, _ = await ask(session, f"{front}/_local/inbox/99")
        assert answer.status == 404

    run_with_front(test)
