"""With roles enforced, every function can do its own work and no other's."""

import base64
import json
import time
from collections import Counter
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.table import Tables
from chalicelib.core import mail_keys, times
from chalicelib.mail.sending import pause_after_refusal, resume_mail
from chalicelib.petitions.find import petition_as_stored
from chalicelib.shedding.level import LEVEL_SECONDS
from chalicelib.signatures.form import read_json
from chalicelib.signatures.origin import own_origin
from chalicelib.signatures.sign import sign
from stack.attach import Deployed
from stack.aws import Cloud
from stack.manage import issue_token, manage, settings
from tests.actors import a_signing_context
from tests.stack.powers import (
    READ_ARGUMENTS,
    SCHEDULED_EVENT,
    SLUG,
    client_of,
    dynamodb,
    forget_the_first_email,
    item_of,
    names_of,
    run_function,
    run_watch,
    sent_emails,
    visitor,
)
from tests.stack.supporter import EMAIL_SECONDS, Visitor, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("powers")]


def test_signing_confirming_and_withdrawing_work_under_the_functions_own_roles(stack: Deployed) -> None:
    supporter, staff = visitor(stack), issue_token(stack)
    counts = f"/api/staff/petitions/{SLUG}/counts"
    before = int(supporter.read(counts, staff)["confirmed"])
    supporter.sign(SLUG, "ada@example.org")
    supporter.press("confirm", supporter.link("confirm", "ada@example.org"))
    assert supporter.read(counts, staff)["confirmed"] == before + 1
    assert supporter.read(f"/api/petitions/{SLUG}")["slug"] == SLUG
    assert supporter.read("/health")["status"] == "ok"
    supporter.press("withdraw", supporter.link("withdraw", "ada@example.org"))
    assert supporter.read(counts, staff)["confirmed"] == before


def test_a_recount_works_under_its_role_and_finds_no_drift(stack: Deployed) -> None:
    supporter, cloud = visitor(stack), Cloud(stack.endpoint)
    supporter.sign(SLUG, "grace@example.org")
    supporter.press("confirm", supporter.link("confirm", "grace@example.org"))
    answer = cloud.client("lambda").invoke(
        FunctionName=stack.outputs["RecountTalliesName"], Payload=json.dumps(SCHEDULED_EVENT).encode(), LogType="Tail"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    output = base64.b64decode(answer["LogResult"]).decode()
    assert '"Drift": 0' in output
    assert "grace" not in output


def test_a_recount_cannot_read_names(stack: Deployed) -> None:
    client, table = client_of(stack, "RecountTallies"), stack.outputs["SignaturesTableName"]
    names = {"#n": "email"}
    only_emails = {"Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": "#n", "ExpressionAttributeNames": names}
    for attributes in ({}, only_emails):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.query(TableName=table, **READ_ARGUMENTS["query"], **attributes)


def test_a_recount_cannot_write(stack: Deployed) -> None:
    client = client_of(stack, "RecountTallies")
    for table in ("SignaturesTableName", "CountsTableName"):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.put_item(TableName=stack.outputs[table], Item={"pk": {"S": "TALLY#a"}, "sk": {"S": "b"}})


def test_pending_signatures_and_the_funnel_are_projected_from_the_stream(stack: Deployed) -> None:
    supporter, staff = visitor(stack), issue_token(stack)
    wait_for(lambda: _are_all_changes_projected(stack))
    before, projected_before = _funnel_totals(supporter, staff), _projected_changes(stack)

    def pending() -> int:
        return int(supporter.read(f"/api/staff/petitions/{SLUG}/counts", staff)["pending"])

    pending_before = pending()
    supporter.sign(SLUG, "bob@example.org")
    wait_for(lambda: pending() == pending_before + 1)
    supporter.press("confirm", supporter.link("confirm", "bob@example.org"))
    wait_for(lambda: pending() == pending_before)
    assert _funnel_totals(supporter, staff) - before == {"received": 1, "mailed": 1, "confirmed": 1}
    # The signature was put, emailed and confirmed. The claim in between is filtered out.
    assert _projected_changes(stack) - projected_before == 3


def test_overflowed_signatures_are_stored_under_the_workers_own_role(stack: Deployed) -> None:
    supporter, cloud = visitor(stack), Cloud(stack.endpoint)
    manage(settings(stack), "shed", "accept-only")
    time.sleep(LEVEL_SECONDS + 0.5)
    supporter.sign(SLUG, "overflow@example.org")
    manage(settings(stack), "shed", "normal")
    time.sleep(LEVEL_SECONDS + 0.5)  # The next test's signatures must not go to the overflow queue.
    item = wait_for(lambda: item_of(cloud, stack, "overflow@example.org"))
    assert item["state"] == {"S": "pending"}
    assert supporter.link("confirm", "overflow@example.org")


def test_a_bounce_from_ses_reaches_the_signature(stack: Deployed) -> None:
    supporter, cloud = visitor(stack), Cloud(stack.endpoint)
    supporter.sign(SLUG, "bounce@example.org")
    item = wait_for(lambda: item_of(cloud, stack, "bounce@example.org"))
    tags = {"kind": ["confirm"], "key": [f"{SLUG}_{item['sk']['S']}"]}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    cloud.client("sns").publish(TopicArn=stack.outputs["MailEventsTopicArn"], Message=json.dumps(event))
    wait_for(lambda: "undeliverable" in item_of(cloud, stack, "bounce@example.org"))


def test_a_pause_disables_the_senders_event_sources_and_its_end_enables_them(stack: Deployed) -> None:
    tables, cloud = Tables(dynamodb(stack), names_of(stack)), Cloud(stack.endpoint)
    pause_after_refusal(times.now(), tables)
    assert run_watch(cloud, stack) == {"SendMail": "Disabled", "SendOtherMail": "Disabled"}
    visitor(stack).sign(SLUG, "carol@example.org")
    resume_mail(times.now(), tables)
    assert run_watch(cloud, stack)["SendMail"] == "Enabled"
    visitor(stack).link("confirm", "carol@example.org")
    wait_for(lambda: run_watch(cloud, stack)["SendOtherMail"] == "Enabled")


def _emails_to(stack: Deployed, address: str) -> str:
    """Return the emails to the address, as JSON."""
    found = [email for email in sent_emails(stack) if address in str(email["To"])]
    return json.dumps(found)


def test_a_second_signing_is_emailed_by_the_low_priority_queue(stack: Deployed) -> None:
    supporter, email = visitor(stack), "dora@example.org"
    supporter.sign(SLUG, email)
    supporter.press("confirm", supporter.link("confirm", email))
    forget_the_first_email(stack, email)
    supporter.sign(SLUG, email)
    wait_for(lambda: "already signed" in _emails_to(stack, email), EMAIL_SECONDS)


def test_the_sweep_queues_a_lost_mail_request_and_it_is_sent(stack: Deployed) -> None:
    tables, cloud = Tables(dynamodb(stack), names_of(stack)), Cloud(stack.endpoint)
    petition = petition_as_stored(SLUG, tables)
    long_ago = times.now() - timedelta(days=21)
    form = read_json(json.dumps({"name": "Eve", "email": "eve@example.org", "consent": {"sign": True}}))
    sign(form, petition, own_origin(petition, "api", None), long_ago, a_signing_context(tables))
    run_function(cloud, stack, "SweepMail")
    assert visitor(stack).link("confirm", "eve@example.org")
    sweep = tables.get(mail_keys.mail_sweep())
    assert sweep
    assert "group" not in sweep


def _funnel_totals(supporter: Visitor, staff: str) -> Counter[str]:
    return Counter(supporter.read(f"/api/staff/petitions/{SLUG}/funnel", staff)["totals"])


def _are_all_changes_projected(stack: Deployed) -> bool:
    """Return whether no change is projected for two seconds. Then the changes of earlier tests are done."""
    before = _projected_changes(stack)
    time.sleep(2)
    return _projected_changes(stack) == before


def _projected_changes(stack: Deployed) -> int:
    """Return the number of changes that the projecting function has ever received, from its log."""
    logs = Cloud(stack.endpoint).client("logs")
    groups = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    messages = []
    for group in groups:
        if "ProjectSignatures" in group:
            events = logs.filter_log_events(logGroupName=group)["events"]
            messages += [event["message"] for event in events]
    projected = [json.loads(message) for message in messages if '"event": "projected"' in message]
    return sum(line["changes"] for line in projected)
