"""A letter on the deployed stack: signed, confirmed, and sent to its target by the functions with their own roles."""

import json
import re
from typing import Any

import requests

from tests.deployed import SLUG, DeployedSite
from tests.e2e.signing import act, link, sign
from tests.emulated import eventually
from tests.letters.lettering import HOME_SECRETARY


def letters_with(site: DeployedSite, words: str) -> list[dict[str, Any]]:
    return [mail for mail in site.mails(HOME_SECRETARY) if words in json.dumps(mail)]


def test_a_letter_reaches_its_target_once_its_sender_has_confirmed(deployed_site: DeployedSite) -> None:
    site, email = deployed_site, "writes@example.org"
    letter = requests.get(f"{site.url}/api/petitions/{SLUG}", timeout=20).json()["letter"]
    assert letter["targets"] == ["Home Secretary"]
    mine = {"send": True, "subject": "A letter by a test", "opening": letter["openings"][1], "body": letter["body"]}
    assert sign(site, email, name="Alice Writes", letter=mine).status_code == 202
    to_confirm = link(site, email, "confirm")
    assert not letters_with(site, "A letter by a test")
    for _ in range(2):
        assert act(to_confirm).status_code == 200
    [mail] = eventually(lambda: letters_with(site, "A letter by a test"), 60)
    assert "Alice Writes via Harbour for Children" in json.dumps(mail)
    assert letter["openings"][1][:40] in mail["text"]
    assert act(to_confirm).status_code == 200
    # The letter of somebody who confirms later comes after any second one of Alice.
    assert sign(site, "later@example.org", letter={"send": True, "subject": "A later letter"}).status_code == 202
    assert act(link(site, "later@example.org", "confirm")).status_code == 200
    eventually(lambda: letters_with(site, "A later letter"), 60)
    assert len(letters_with(site, "A letter by a test")) == 1


def test_whose_signature_counts_already_sends_a_letter_by_the_link_of_our_email(deployed_site: DeployedSite) -> None:
    """The email follows a minute after the one to confirm."""
    site, email, subject = deployed_site, "adds@example.org", "A letter asked for later"
    assert sign(site, email, name="Alice Adds").status_code == 202
    assert act(link(site, email, "confirm")).status_code == 200
    assert sign(site, email, name="Alice Adds", letter={"send": True, "subject": subject}).status_code == 202
    [offer] = eventually(lambda: [mail for mail in site.mails(email) if "send a letter in your" in mail["text"]], 180)
    [address] = re.findall(rf"{re.escape(site.url)}/confirm\?token=\S+", offer["text"])
    assert subject in requests.get(address, timeout=30).text
    assert act(address, **{"letter.send": "yes", "letter.subject": subject}).status_code == 200
    [mail] = eventually(lambda: letters_with(site, subject), 120)
    assert "Alice Adds via Harbour for Children" in json.dumps(mail)


def test_a_letter_in_welsh_and_no_letter_without_consent(deployed_site: DeployedSite) -> None:
    site = deployed_site
    assert sign(site, "quiet@example.org", name="Charlie Quiet", letter={"send": False}).status_code == 202
    in_welsh = {"name": "Alis Cymraeg", "language": "cy", "letter": {"send": True}}
    assert sign(site, "cymraeg@example.org", **in_welsh).status_code == 202
    for email in ("quiet@example.org", "cymraeg@example.org"):
        assert act(link(site, email, "confirm").removesuffix("&lang=cy")).status_code == 200
    [mail] = eventually(lambda: letters_with(site, "Alis Cymraeg"), 60)
    assert mail["text"].startswith("Annwyl Ysgrifennydd Cartref,")
    assert not letters_with(site, "Charlie Quiet")


def test_the_form_and_the_api_refuse_a_letter_with_a_header(deployed_site: DeployedSite) -> None:
    answer = sign(deployed_site, "inject@example.org", letter={"send": True, "subject": "Hi\r\nBcc: all@example.org"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["letter.subject"]
