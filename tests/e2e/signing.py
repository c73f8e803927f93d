"""Sign, find the links in emails, and press the buttons of their pages, over HTTP."""

import re
from urllib.parse import parse_qs, urlsplit

import requests

from tests.emulated import eventually
from tests.pages.parsed import Page
from tests.site import SLUG, DeployedSite

ALICES_SIGNATURE = {"name": "Alice Example", "consent": {"sign": True, "updates": False}}
PETITION_PATH = f"/api/petitions/{SLUG}"


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
    """Press the button on a link's page: send its form with what the page has filled in, and these fields."""
    token = parse_qs(urlsplit(link).query)["token"][0]
    filled = filled_in(Page(requests.get(link, timeout=30).text))
    return requests.post(link.partition("?")[0], data={**filled, "token": token, **fields}, timeout=30)


def filled_in(page: Page) -> dict[str, str]:
    """Return the values of the page's fields by name. A box that is not ticked has none, as in a browser."""
    values: dict[str, str] = {}
    name = ""  # Of the last select.
    for each in page.elements:
        attributes = each.attrs
        if each.tag == "option":
            if "selected" in attributes or name not in values:
                values[name] = attributes.get("value", each.text)
            continue
        name = attributes.get("name", "")
        is_unticked = attributes.get("type") in ("checkbox", "radio") and "checked" not in attributes
        if each.tag == "input" and name and not is_unticked:
            values[name] = attributes.get("value", "on")
        elif each.tag == "textarea":
            values[name] = each.text.removeprefix("\n")
    return values
