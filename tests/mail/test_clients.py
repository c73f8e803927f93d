"""Our emails work in email programs and pass a spam filter."""

import re
import shutil
import subprocess
from email.message import EmailMessage
from email.utils import formatdate

import pytest

from chalicelib.aws.email import sender_header
from chalicelib.signatures.model import MailKind
from tests.actors import WELSH, a_petition
from tests.mail.test_signature_kinds import a_mail

every_kind = pytest.mark.parametrize("kind", list(MailKind))
# The CSS that the emails may use. Check a new property with https://www.caniemail.com. All of these were checked with
# npm's @jsx-email/doiuse-email 1.0.4: where a property is not supported, the email only looks plainer.
CHECKED_CSS = {
    *("background", "border", "border-left", "border-right", "border-top", "color", "display", "font", "font-size"),
    *("line-height", "margin", "max-width", "padding", "padding-left", "padding-right", "text-decoration"),
    "word-break",
}


@every_kind
def test_an_email_uses_only_css_that_was_checked(kind: MailKind) -> None:
    styles = re.findall(r' style="([^"]*)"', a_mail(kind, updates=True).html)
    declarations = [each for each in ";".join(styles).split(";") if each.strip()]
    used = {declaration.partition(":")[0].strip() for declaration in declarations}
    assert used <= CHECKED_CSS


@every_kind
def test_every_text_has_a_colour_in_dark_mode(kind: MailKind) -> None:
    html = a_mail(kind, updates=True).html
    coloured = re.findall(r'<\w+ (?:class="([\w ]+)" )?[^>]*style="[^"]*[;"]color:(?!#ffffff)', html)
    dark_css = html[html.index("prefers-color-scheme") : html.index("</style>")]
    with_dark_colour = set(re.findall(r"\.(\w+)", dark_css))
    assert coloured
    assert set(coloured) <= with_dark_colour


@pytest.mark.skipif(shutil.which("spamassassin") is None, reason="needs SpamAssassin (Debian: spamassassin)")
@pytest.mark.parametrize("language", [None, "cy"])
def test_spamassassin_finds_nothing_suspicious(language: str | None) -> None:
    mail = a_mail(MailKind.CONFIRM, a_petition(translations={"cy": WELSH}), language=language)
    message = EmailMessage()
    message["From"], message["To"] = sender_header("petitions@harbour.example", mail.sender_name), mail.to
    message["Subject"], message["Date"], message["Message-ID"] = mail.subject, formatdate(), "<1@amazonses.example>"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    command = ["spamassassin", "--local", "--test-mode"]
    result = subprocess.run(command, input=message.as_bytes(), capture_output=True, check=True, timeout=120)
    score = re.search(rb"Content analysis details:\s+\((-?[\d.]+) points", result.stdout)
    assert score is not None
    assert float(score[1]) < 1, result.stdout.decode()
