"""The package works: each function finds its code, settings, secrets, queue or stream where the template puts them."""

import json
import time
from hashlib import sha256
from typing import Any

import pyrage
import pytest
import requests

from chalicelib.shedding.level import LEVEL_SECONDS
from stack.local.prepare import SOURCE, sample_token
from stack.template.functions import logical_id
from tests.deployed.conftest import PackagedSite
from tests.e2e.signing import emailed_link, press_button, sign
from tests.emulated import eventually
from tests.exporting import rows_of
from tests.fake_site import schedule_event
from tests.letters.lettering import LETTER
from tests.located import TABLE, UPPER
from tests.petitions.test_members import MP
from tests.site import SLUG, a_draft

POSTCODE = "ZZ1 1AA"
PETITION = f"/petitions/{SLUG}"


def test_a_signature_is_emailed_confirmed_counted_and_withdrawn(deployed_site: PackagedSite) -> None:
    before = deployed_site.counts()["confirmed"]
    assert sign(deployed_site, "alice@example.org", postcode=POSTCODE).status_code == 202
    eventually(lambda: deployed_site.counts()["pending"] == 1)
    press_button(emailed_link(deployed_site, "alice@example.org", "confirm"))
    assert deployed_site.counts()["confirmed"] == before + 1
    in_constituency = {"key": TABLE[POSTCODE], "confirmed": 1}
    eventually(lambda: in_constituency in deployed_site.counts("?by=constituency")["breakdown"])
    press_button(emailed_link(deployed_site, "alice@example.org", "withdraw"))
    assert deployed_site.counts()["confirmed"] == before


def ended(site: PackagedSite, path: str) -> Any:
    """Wait until the job or update has ended, and return it."""

    def if_ended() -> Any:
        found = site.staff(path).json()
        return found if found["state"] in ("done", "failed", "sent") else None

    return eventually(if_ended, 180)


def test_a_file_of_a_partner_is_imported(deployed_site: PackagedSite) -> None:
    """The file is UTF-8, because the emulator takes each request for text, whatever binary types the API has."""
    sample_token(deployed_site.url, deployed_site.staff_token)
    before = deployed_site.counts()["confirmed"]
    headers = {"Authorization": f"Bearer {deployed_site.staff_token}", "Content-Type": "text/csv"}
    content = "Email,First name,Last name\none@partner.example,Zoë,A\ntwo@partner.example,Zoë,B\n"
    url = f"{deployed_site.url}/api/staff{PETITION}/imports"
    answer = requests.post(f"{url}?partner={SOURCE}", data=content.encode(), headers=headers, timeout=30)
    found = ended(deployed_site, f"{PETITION}/imports/{answer.json()['id']}")
    assert (found["state"], found["accepted"]) == ("done", 2), found
    assert deployed_site.counts()["confirmed"] == before + 2


def test_an_encrypted_export_has_every_signature_and_its_digest(deployed_site: PackagedSite) -> None:
    owner = pyrage.x25519.Identity.generate()
    fields = {"columns": ["name", "source"], "recipient": str(owner.to_public())}
    export_id = deployed_site.manage("POST", f"{PETITION}/exports", fields).json()["id"]
    export = ended(deployed_site, f"/exports/{export_id}")
    assert export["state"] == "done", export
    file, cover = (
        requests.get(deployed_site.staff(f"/exports/{export_id}/{name}").json()["url"], timeout=20).content
        for name in ("file", "cover")
    )
    assert (sha256(file).hexdigest(), cover[:4]) == (export["sha256"], b"%PDF")
    rows = rows_of(pyrage.decrypt(file, [owner]))
    assert len(rows) == export["rows"] == export["of"] == deployed_site.counts()["confirmed"]


def test_an_update_reaches_only_who_asked_for_updates(deployed_site: PackagedSite) -> None:
    for email, updates in (("told@example.org", True), ("not.told@example.org", False)):
        sign(deployed_site, email, consent={"sign": True, "updates": updates})
        press_button(emailed_link(deployed_site, email, "confirm"))
    text = {"title": "The Home Secretary answered", "markdown": "She said **yes**."}
    path = f"{PETITION}/updates/{deployed_site.manage('POST', f'{PETITION}/updates', text).json()['id']}"
    assert deployed_site.manage("POST", f"{path}/publish", {}).ok
    update = ended(deployed_site, path)
    assert update["requested"] == update["sent"] + update["failed"] + update["skipped"]
    for email, number in (("told@example.org", 1), ("not.told@example.org", 0)):
        subjects = [mail["subject"] for mail in deployed_site.mails(email)]
        assert subjects.count(text["title"]) == number


def test_a_letter_is_addressed_to_the_member_of_parliament(deployed_site: PackagedSite) -> None:
    slug = "write-to-your-mp"
    assert deployed_site.manage("POST", "/petitions", a_draft(slug, letter=LETTER | {"targets": [MP]})).ok
    assert deployed_site.manage("POST", f"/petitions/{slug}/state", {"state": "open"}).ok
    signed = sign(deployed_site, "writer@example.org", slug, postcode=POSTCODE, letter={"send": True})
    assert signed.status_code == 202
    press_button(emailed_link(deployed_site, "writer@example.org", "confirm"))
    [letter] = eventually(lambda: deployed_site.mails(UPPER.email))
    assert letter["text"].startswith(f"Dear {UPPER.name},")


def test_a_signature_waits_in_the_overflow_queue_and_is_then_stored(deployed_site: PackagedSite) -> None:
    deployed_site.stack.manage("shed", "accept-only")
    time.sleep(LEVEL_SECONDS + 0.5)
    assert sign(deployed_site, "overflow@example.org").status_code == 202
    deployed_site.stack.manage("shed", "normal")
    assert emailed_link(deployed_site, "overflow@example.org", "confirm")
    time.sleep(LEVEL_SECONDS)


def test_a_bounce_that_ses_publishes_reaches_the_signature(
    deployed_site: PackagedSite, outputs: dict[str, str]
) -> None:
    sign(deployed_site, "bounce@example.org")
    item = eventually(lambda: stored(deployed_site, outputs, "bounce@example.org"))
    tags = {"kind": ["confirm"], "key": [f"support-trafficked-children_{item['sk']['S']}"]}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    sns = deployed_site.cloud.client("sns")
    sns.publish(TopicArn=outputs["MailEventsTopicArn"], Message=json.dumps(event))
    eventually(lambda: "undeliverable" in stored(deployed_site, outputs, "bounce@example.org"))


def stored(site: PackagedSite, outputs: dict[str, str], email: str) -> dict[str, Any]:
    """Return the signature with this address; an empty item if there is none."""
    items = site.cloud.client("dynamodb").scan(TableName=outputs["SignaturesTableName"])["Items"]
    return next((item for item in items if item.get("email") == {"S": email}), {})


@pytest.mark.parametrize(
    ("function", "event"),
    [
        ("recount_tallies", schedule_event()),
        *(("check_mail", {"task": task}) for task in ("watch", "sweep", "digests")),
    ],
)
def test_a_schedule_can_run_its_function(
    function: str, event: dict[str, Any], deployed_site: PackagedSite, outputs: dict[str, str]
) -> None:
    """The emulator has no schedules."""
    name = outputs[f"{logical_id(function)}Name"]
    answer = deployed_site.cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_a_stranger_with_a_wrong_token_is_refused(deployed_site: PackagedSite) -> None:
    assert deployed_site.staff_as("staff_charlie", "/petitions").status_code in (401, 403)
