"""The inbox: the emails that the emulated SES sent, as HTML pages for people and as JSON for tests."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from chalicelib.core import times
from chalicelib.core.times import iso
from chalicelib.pages.jinja import environment
from stack.local.gateway import HttpAnswer

PATH = "/_local/inbox"
_PAGES = Path(__file__).parents[1] / "pages"
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data: 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class Inbox:
    """`archive`: a file of all emails, those of earlier runs too, because the emulator forgets its own."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive

    def answer(self, path: str) -> HttpAnswer | None:
        """None: the inbox has no such page."""
        if path in (PATH, f"{PATH}/"):
            return self._page("inbox.html", mails=self.mails())
        if path == f"{PATH}.json":
            return HttpAnswer(200, [("Content-Type", "application/json")], json.dumps({"mails": self.mails()}).encode())
        if path == f"{PATH}.css":
            return HttpAnswer(200, [("Content-Type", "text/css")], (_PAGES / "inbox.css").read_bytes())
        number = path.removeprefix(f"{PATH}/")
        found = [mail for mail in self.mails() if str(mail["number"]) == number]
        return self._page("mail.html", mail=found[0]) if found else None

    def mails(self) -> list[dict[str, Any]]:
        """Return the emails, newest first. `number`: 1 for the first email that was sent, and so on."""
        mails: list[dict[str, Any]] = []
        for line in self._archive.read_text().splitlines():
            with suppress(ValueError):  # A line that a killed run left incomplete.
                mails.insert(0, {"number": len(mails) + 1, **json.loads(line)})
        return mails

    def keep_each(self, ses: Any) -> None:
        """From now on, write each email that this client sends to the archive at once: this process may be killed."""
        self._archive.touch(mode=0o600)
        ses.meta.events.register("before-parameter-build.sesv2.SendEmail", _remember)
        ses.meta.events.register("after-call.sesv2.SendEmail", self._keep_one)

    def _keep_one(self, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        if "MessageId" in parsed:
            with self._archive.open("a") as archive:
                archive.write(json.dumps(context["email"] | {"sent_at": iso(times.now())}) + "\n")

    def _page(self, template: str, **values: Any) -> HttpAnswer:
        body = environment(_PAGES).get_template(template).render(**values)
        headers = [("Content-Security-Policy", _CONTENT_SECURITY_POLICY), ("Cache-Control", "no-store")]
        return HttpAnswer(200, [("Content-Type", "text/html; charset=utf-8"), *headers], body.encode())


def _remember(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    content = params["Content"]["Simple"]
    context["email"] = {
        "sender": params["FromEmailAddress"],
        "to": params["Destination"]["ToAddresses"],
        "subject": content["Subject"]["Data"],
        "text": content["Body"]["Text"]["Data"],
        "html": content["Body"]["Html"]["Data"],
    }
