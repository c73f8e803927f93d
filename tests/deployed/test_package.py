"""The package works: each function finds its code, settings, secrets, queue or stream where the template puts them."""

import json
import time
from typing import Any

import pytest

from chalicelib.shedding.level import LEVEL_SECONDS
from stack.sample_partner import sample_token
from stack.template.functions import logical_id
from tests.deployed.conftest import PackagedSite
from tests.e2e.signing import emailed_link, press_button, sign
from tests.e2e.test_exporting import test_staff_request_watch_and_download_an_encrypted_export  # noqa: F401
from tests.e2e.test_importing import HEADINGS, ROWS, start_import, wait_for_import
from tests.e2e.test_updates import (
    test_an_update_reaches_people_who_asked_for_updates_and_its_result_is_exact,  # noqa: F401
)
from tests.emulated import eventually
from tests.fake_site import schedule_event
from tests.letters.lettering import LETTER
from tests.located import TABLE, UPPER
from tests.petitions.test_members import MP
from tests.site import a_draft

POSTCODE = "ZZ1 1AA"


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


def test_a_file_of_a_partner_is_imported(deployed_site: PackagedSite) -> None:
    """The file is UTF-8, because the emulator takes each request for text, whatever binary types the API has."""
    sample_token(deployed_site.url, deployed_site.staff_token)
    before = deployed_site.counts()["confirmed"]
    found = wait_for_import(deployed_site, start_import(deployed_site, (HEADINGS + ROWS).encode()))
    assert (found["state"], found["accepted"]) == ("done", 5), found
    assert deployed_site.counts()["confirmed"] == before + 5


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
