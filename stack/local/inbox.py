"""The inbox: the emails that the emulated SES sent, as HTML pages for people and as JSON for tests."""

import json
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from chalicelib.core.times import iso
from chalicelib.pages.jinja import environment
from stack.local.gateway import HttpAnswer

PATH = "/_local/inbox"
_PAGES = Path(__file__).parents[1] / "pages"
_LINK = re.compile(r"https?://[^\s<>\"]+")
_PUNCTUATION_AFTER_LINK = ".,;:!?)]'"
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data: 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class InboxEmail:
    """`number`: 1 for the first email that was sent, and so on."""

    number: int
    sender: str
    to: list[str]
    subject: str
    text: str
    html: str
    sent_at: str


class Inbox:
    """`archive`: a file of all emails, those of earlier runs too, because the emulator forgets its own."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive

    def answer(self, path: str) -> HttpAnswer | None:
        """None: the inbox has no such page."""
        if path in (PATH, f"{PATH}/"):
            return self._page("inbox.html", mails=self.mails())
        if path == f"{PATH}.json":
            mails = [asdict(mail) for mail in self.mails()]
            return HttpAnswer(200, [("Content-Type", "application/json")], json.dumps({"mails": mails}).encode())
        if path == f"{PATH}.css":
            return HttpAnswer(200, [("Content-Type", "text/css")], (_PAGES / "inbox.css").read_bytes())
        number = path.removeprefix(f"{PATH}/")
        found = [mail for mail in self.mails() if str(mail.number) == number]
        return self._page("mail.html", mail=found[0]) if found else None

    def mails(self) -> list[InboxEmail]:
        return [_parse(number, record) for number, record in enumerate(_read_archive(self._archive), 1)][::-1]

    def keep_each(self, ses: Any) -> None:
        """From now on, write each email that this client sends to the archive at once: this process may be killed."""
        self._archive.touch(mode=0o600)
        ses.meta.events.register("before-parameter-build.sesv2.SendEmail", _remember)
        ses.meta.events.register("after-call.sesv2.SendEmail", self._keep_one)

    def _keep_one(self, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        if "MessageId" in parsed:
            with self._archive.open("a") as archive:
                archive.write(json.dumps(context["email"] | {"Timestamp": time.time()}) + "\n")

    def _page(self, template: str, **values: Any) -> HttpAnswer:
        body = self._pages.get_template(template).render(**values)
        headers = [("Content-Security-Policy", _CONTENT_SECURITY_POLICY), ("Cache-Control", "no-store")]
        return HttpAnswer(200, [("Content-Type", "text/html; charset=utf-8"), *headers], body.encode())

    @cached_property
    def _pages(self) -> Environment:
        pages = environment(_PAGES)
        pages.filters.update(linked=_linked, framed=_framed)
        return pages


def _read_archive(archive: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for line in archive.read_text().splitlines():
        with suppress(ValueError):  # A line that a killed run left incomplete.
            records.append(json.loads(line))
    return records


def _remember(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    content = params["Content"]["Simple"]
    context["email"] = {
        "Source": params["FromEmailAddress"],
        "To": params["Destination"]["ToAddresses"],
        "Subject": content["Subject"]["Data"],
        "BodyText": content["Body"]["Text"]["Data"],
        "BodyHtml": content["Body"]["Html"]["Data"],
    }


def _parse(number: int, record: dict[str, Any]) -> InboxEmail:
    return InboxEmail(
        number=number,
        sender=record["Source"],
        to=record["To"],
        subject=record["Subject"],
        text=record["BodyText"],
        html=record["BodyHtml"],
        sent_at=iso(datetime.fromtimestamp(record["Timestamp"], UTC)),
    )


def _linked(text: str) -> Markup:
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
