"""Sign, follow the links of emails, and press their buttons, over HTTP."""

import re
from urllib.parse import urlsplit

import requests

from tests.deployed import SLUG, DeployedSite
from tests.emulated import eventually

ALICE = {"name": "Alice Example", "consent": {"sign": True, "updates": False}}
API = f"/api/petitions/{SLUG}"
PROBLEM = "application/problem+json"


def sign(site: DeployedSite, email: str, **fields: object) -> requests.Response:
    return requests.post(f"{site.url}{API}/signatures", json={**ALICE, "email": email, **fields}, timeout=30)


def link(site: DeployedSite, email: str, purpose: str) -> str:
    [mail, *_] = eventually(lambda: site.mails(email))
    found = re.search(rf"{re.escape(site.url)}/{purpose}\?token=\S+", mail["text"])
    assert found, mail["text"]
    return found[0]


def act(address: str, **fields: str) -> requests.Response:
    """Press the button on a link's page."""
    parts = urlsplit(address)
    token = parts.query.removeprefix("token=")
    return requests.post(address.partition("?")[0], data={"token": token, **fields}, timeout=30)
