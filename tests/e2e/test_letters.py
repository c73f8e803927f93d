"""A letter on the deployed stack: signed, confirmed, and sent to its target by functions with their own roles."""

import json
from typing import Any

import requests

from tests.e2e.signing import emailed_link, press_button, sign
from tests.emulated import eventually
from tests.letters.lettering import HOME_SECRETARY
from tests.site import SLUG, DeployedSite


def letters_with(site: DeployedSite, words: str) -> list[dict[str, Any]]:
    return [mail for mail in site.mails(HOME_SECRETARY) if words in json.dumps(mail)]


def test_a_letter_reaches_its_target_only_once_and_after_its_sender_has_confirmed(deployed_site: DeployedSite) -> None:
    site, email = deployed_site, "writes@example.org"
    letter = requests.get(f"{site.url}/api/petitions/{SLUG}", timeout=20).json()["letter"]
    assert letter["targets"] == ["Home Secretary"]
    fields = {"send": True, "subject": "A letter by a test", "opening": letter["openings"][1], "body": letter["body"]}
    assert sign(site, email, name="Alice Writes", letter=fields).status_code == 202
    confirm_link = emailed_link(site, email, "confirm")
    assert not letters_with(site, "A letter by a test")
    for _ in range(2):
        assert press_button(confirm_link).status_code == 200
    [mail] = eventually(lambda: letters_with(site, "A letter by a test"), 60)
    assert "Alice Writes via Harbour for Children" in json.dumps(mail)
    assert letter["openings"][1][:40] in mail["text"]
    assert press_button(confirm_link).status_code == 200
    # If Alice's letter were sent twice, the second one would arrive before the letter of a person who confirms later.
    assert sign(site, "later@example.org", letter={"send": True, "subject": "A later letter"}).status_code == 202
    assert press_button(emailed_link(site, "later@example.org", "confirm")).status_code == 200
    eventually(lambda: letters_with(site, "A later letter"), 60)
    assert len(letters_with(site, "A letter by a test")) == 1
