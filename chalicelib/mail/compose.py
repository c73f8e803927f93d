"""Compose an email, as text and as HTML, from the templates of its kind."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws.email import Mail
from chalicelib.core.language import language_of
from chalicelib.core.printable import ENCODED_WORD, one_line
from chalicelib.mail.kind import Content, Kind
from chalicelib.mail.model import MailRequest
from chalicelib.pages.jinja import environment

if TYPE_CHECKING:
    from jinja2 import Environment

# Every kind of email has a template of each name in its folder.
PARTS = ("subject.txt", "body.txt", "body.html")
# This folder has frame.html, the frame of all HTML emails.
_SHARED = Path(__file__).with_name("templates")


def compose(request: MailRequest, kind: Kind, content: Content) -> Mail:
    """Return the email. Its tags are its kind and key. SES repeats the tags in its events about the email."""
    templates = _templates(kind.templates, content.language)
    values = {**content.values, "unsubscribe_url": content.unsubscribe_url}
    subject, text, html = (templates.get_template(part).render(values) for part in PARTS)
    headers = _unsubscribe_headers(content.unsubscribe_url) if content.unsubscribe_url else {}
    tags = {"kind": request.kind, "key": request.key}
    return Mail(
        to=content.to,
        subject=one_line(subject).replace(ENCODED_WORD, "= ?"),
        text=text,
        html=html,
        headers=headers,
        tags=tags,
        sender_name=content.sender_name,
        reply_to=content.reply_to,
    )


def _unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers that let an email program unsubscribe with one click, without opening a page (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@cache
def _templates(folder: Path, language: str) -> "Environment":
    return environment(folder, _SHARED, language=language_of(language))
