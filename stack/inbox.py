"""The inbox: the emails that the emulated SES sent, as HTML pages for people and as JSON for tests."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from jinja2 import Environment
from markupsafe import Markup, escape

from chalicelib.core.times import iso
from chalicelib.pages.jinja import environment

_PAGES = Path(__file__).with_name("pages")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_PUNCTUATION_AFTER_LINK = ".,;:!?)]'"
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data: 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class InboxEmail:
    """An email as the application gave it to SES. `number`: 1 for the first email that was sent, and so on.

    `sent_at`: a time in UTC, as ISO 8601 text.
    """

    number: int
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str
    sent_at: str


class Inbox:
    """Reads the emulator's list of sent emails, and answers requests to /_local.

    `session`: returns the client session, which exists only while the server runs. `archive`: the file with the emails
    of earlier runs.
    """

    def __init__(self, emulator: str, session: Callable[[], ClientSession], archive: Path | None = None) -> None:
        self._source = f"{emulator}/_ministack/ses/messages"
        self._session = session
        self._earlier_records = _read_archive(archive)
        self._pages = _environment()

    async def mails(self) -> list[InboxEmail]:
        """Return every email, newest first."""
        records = await self._records()
        oldest_first = [_parse(number, record) for number, record in enumerate(records, 1)]
        return oldest_first[::-1]

    async def _records(self) -> list[dict[str, Any]]:
        """Return the emails of earlier runs and of this run, oldest first, as the emulator records them."""
        async with self._session().get(self._source) as answer:
            document = await answer.json(content_type=None)
        records = [*self._earlier_records]
        for records_of_account in document["messages"].values():
            records += records_of_account
        # The emulator saves the emails of this run to the archive too. If it did so before the archive was read, the
        # list has these emails twice.
        by_id = {record["MessageId"]: record for record in records}
        return sorted(by_id.values(), key=_timestamp)

    async def show_list(self, _: web.Request) -> web.Response:
        """Return all emails as HTML."""
        return self._page("inbox.html", mails=await self.mails())

    async def list_as_json(self, _: web.Request) -> web.Response:
        """Return all emails as JSON."""
        mails = [asdict(mail) for mail in await self.mails()]
        return web.json_response({"mails": mails})

    async def show_email(self, request: web.Request) -> web.Response:
        """Return one email as HTML: its text with links, and its HTML part in a frame that runs no scripts.

        Return 404 if there is no email with this number.
        """
        number = int(request.match_info["number"])
        found = [mail for mail in await self.mails() if mail.number == number]
        if not found:
            raise web.HTTPNotFound(text="This email does not exist.")
        return self._page("mail.html", mail=found[0])

    async def read_style(self, _: web.Request) -> web.FileResponse:
        """Return the pages' style sheet."""
        return web.FileResponse(_PAGES / "inbox.css")

    def _page(self, template: str, **values: Any) -> web.Response:
        body = self._pages.get_template(template).render(**values)
        headers = {"Content-Security-Policy": _CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
        return web.Response(text=body, content_type="text/html", headers=headers)


def routes(inbox: Inbox) -> list[web.RouteDef]:
    """Return the inbox's routes."""
    return [
        web.get("/_local/inbox", inbox.show_list),
        web.get("/_local/inbox/", inbox.show_list),
        web.get("/_local/inbox.json", inbox.list_as_json),
        web.get("/_local/inbox.css", inbox.read_style),
        web.get(r"/_local/inbox/{number:[0-9]{1,9}}", inbox.show_email),
    ]


def _read_archive(archive: Path | None) -> list[dict[str, Any]]:
    """Return the emails of earlier runs. The file has one email on each line."""
    if not archive or not archive.exists():
        return []
    records: list[dict[str, Any]] = []
    for line in archive.read_text().splitlines():
        with suppress(ValueError):  # An empty line, or a line that a killed emulator left incomplete.
            records.append(json.loads(line))
    return records


def _environment() -> Environment:
    pages = environment(_PAGES)
    pages.filters.update(linked=_linked, framed=_framed)
    return pages


def _timestamp(record: dict[str, Any]) -> float:
    """Return when the email was sent, in seconds since 1970."""
    return float(record["Timestamp"])


def _parse(number: int, record: dict[str, Any]) -> InboxEmail:
    sent_at = datetime.fromtimestamp(_timestamp(record), UTC)
    return InboxEmail(
        number=number,
        sender=record["Source"],
        to=record["To"],
        subject=record["Subject"] or "",
        text=record["BodyText"] or "",
        html=record["BodyHtml"] or "",
        sent_at=iso(sent_at),
    )


def _linked(text: str) -> Markup:
    """Return the plain text as HTML in which the URLs are links."""
    parts: list[Markup] = []
    end = 0  # The end of the previous link.
    for match in _LINK.finditer(text):
        url = match.group().rstrip(_PUNCTUATION_AFTER_LINK)
        escaped = escape(url)
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup(f'<a href="{escaped}">{escaped}</a>'))
        end = match.start() + len(url)
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _framed(html: str) -> str:
    """Return the email's HTML with a `base` element: links then open in the whole window, not in the frame."""
    return f'<base target="_top">{html}'
