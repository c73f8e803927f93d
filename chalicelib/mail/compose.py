"""Compose emails: text and HTML, each with the link to withdraw. Each kind has a folder of templates of that name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws.email import Mail
from chalicelib.core.countries import countries
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import CONFIRM_LIFETIME, WITHDRAW_LIFETIME, Purpose, Subject, issue
from chalicelib.mail.model import MailRequest
from chalicelib.petitions.model import CONFIRM_AFTER_CLOSE, Petition
from chalicelib.signatures.model import Signature

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class MailContext:
    """What every email needs besides petition and signature. `deliver` sends an email; `clock` gives the time."""

    site_url: str
    token_keys: dict[str, str]
    deliver: Callable[[Mail], str]
    clock: Callable[[], datetime]


def confirmable_until(petition: Petition, now: datetime) -> datetime:
    """Return the end of confirming: 14 days from now, but at most a day after the current closing time."""
    until = now + CONFIRM_LIFETIME
    return min(until, petition.closes_at + CONFIRM_AFTER_CLOSE) if petition.closes_at else until


def compose(
    request: MailRequest, signature: Signature, petition: Petition, context: MailContext, now: datetime
) -> Mail:
    links = _links(request, signature, petition, context, now)
    values = {
        "petition": petition,
        "signature": signature,
        "country": countries().get(signature.country or "", ""),
        "until": confirmable_until(petition, now),
        **links,
    }
    return Mail(
        to=signature.email or "",
        subject=" ".join(_rendered(request, "subject.txt", values).split()),
        text=_rendered(request, "body.txt", values),
        html=_rendered(request, "body.html", values),
        headers=_unsubscribe_headers(links["unsubscribe_url"]) if signature.updates else {},
        tags={"petition": request.slug, "signature": request.signature_id, "mail": request.kind},
    )


def _links(
    request: MailRequest, signature: Signature, petition: Petition, context: MailContext, now: datetime
) -> dict[str, str]:
    subject = Subject(request.slug, request.signature_id, signature.country or "", signature.source or DIRECT)
    expiries = {
        # Not shortened to the closing time: staff may move it later. Confirming checks the petition again.
        Purpose.CONFIRM: now + CONFIRM_LIFETIME,
        Purpose.WITHDRAW: now + WITHDRAW_LIFETIME,
        Purpose.UNSUBSCRIBE: now + WITHDRAW_LIFETIME,
    }
    return {
        f"{purpose}_url": f"{context.site_url}/{purpose}?token={issue(purpose, subject, expires, context.token_keys)}"
        for purpose, expires in expiries.items()
    } | {"petition_url": f"{context.site_url}/petitions/{request.slug}"}


def _unsubscribe_headers(url: str) -> dict[str, str]:
    """RFC 8058: the email program unsubscribes with one click, without a page."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _rendered(request: MailRequest, part: str, values: dict[str, object]) -> str:
    return _templates().get_template(f"{request.kind}/{part}").render(values)


@cache
def _templates() -> "Environment":
    # Imported here because app.py also registers the sender: importing jinja2 would slow the cold start of signing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["date"] = lambda moment: f"{moment.day} {moment:%B %Y}"
    return environment
