"""Compose an email, text and HTML, from its kind's folder of templates."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws.email import Mail
from chalicelib.mail.kind import Content, Kind
from chalicelib.mail.model import MailRequest
from chalicelib.pages.jinja import environment

if TYPE_CHECKING:
    from jinja2 import Environment

# The frame of every HTML email.
_SHARED = Path(__file__).with_name("templates")


def compose(request: MailRequest, kind: Kind, content: Content) -> Mail:
    """The tags name kind and key, so that SES's events about this email find its state."""
    templates = _templates(kind.templates)
    subject, text, html = (
        templates.get_template(part).render(content.values) for part in ("subject.txt", "body.txt", "body.html")
    )
    tags = {"kind": request.kind, "key": request.key}
    return Mail(content.to, " ".join(subject.split()), text, html, content.headers, tags)


@cache
def _templates(folder: Path) -> "Environment":
    return environment(folder, _SHARED)
