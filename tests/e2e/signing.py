"""Sign, find the links in emails, and press the buttons of their pages, over HTTP."""

import re
from urllib.parse import urlsplit

import requests

from tests.emulated import eventually
from tests.site import SLUG, DeployedSite

ALICES_SIGNATURE = {"name": "Alice Example", "consent": {"sign": True, "updates": False}}
PETITION_PATH = f"/api/petitions/{SLUG}"
PROBLEM_TYPE = "application/problem+json"


def sign(site: DeployedSite, email: str, slug: str = SLUG, **fields: object) -> requests.Response:
    body = {**ALICES_SIGNATURE, "email": email, **fields}
    return requests.post(f"{site.url}/api/petitions/{slug}/signatures", json=body, timeout=30)


def emailed_link(site: DeployedSite, email: str, purpose: str) -> str:
    """Wait for an email to this address, and return its link."""
    [mail, *_] = eventually(lambda: site.mails(email))
    found = re.search(rf"{re.escape(site.url)}/{purpose}\?token=\S+", mail["text"])
    assert found, mail["text"]
    return found[0]


def press_button(link: str, **fields: str) -> requests.Response:
    """Press the button on a link's page."""
    token = urlsplit(link).query.removeprefix("token=")
    return requests.post(link.partition("?")[0], data={"token": token, **fields}, timeout=30)
