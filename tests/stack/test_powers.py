"""With roles enforced, every function can do its own work and no other's."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from benchmarks.spike.stage import depths, shorten_rests
from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys, mail_keys, times
from chalicelib.mail.pause import pause_mail, resume_mail
from chalicelib.petitions.find import petition_as_stored
from chalicelib.shedding.level import LEVEL_SECONDS
from chalicelib.signatures.form import read_json
from chalicelib.signatures.origin import own_origin
from chalicelib.signatures.sign import sign
from stack.attach import Deployed, deployed
from stack.aws import Cloud
from stack.emulator import emulator
from stack.manage import issue_token, load_petitions, manage, settings
from stack.package import Package
from stack.referee.ledger import entries, read
from stack.referee.model import Word
from stack.referee.policies import resolved
from tests.actors import a_signing_context
from tests.served import schedule_event
from tests.stack.supporter import EMAIL_SECONDS, Visitor, fetch, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("powers")]

# An event as EventBridge sends it. Chalice requires every field.
SCHEDULED: dict[str, Any] = {
    **dict.fromkeys(("version", "id", "account", "time", "region", "source", "detail-type"), "any"),
    "resources": [],
    "detail": {},
}
SLUG = "support-trafficked-children"
KEY: dict[str, Any] = {"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
READS: dict[str, dict[str, Any]] = {
    "get_item": KEY,
    "scan": {},
    "query": {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "a"}}},
}


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulator's referee notes what was used of the policies."""
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def stack(built: Package, noted: Path) -> Iterator[Deployed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFEREE_LEDGER", str(noted))
        with emulator() as running:
            started = deployed(running.endpoint)
            load_petitions(started)
            shorten_rests(Cloud(running.endpoint), started, 5)
            yield started


def visitor(stack: Deployed) -> Visitor:
    def mails() -> list[dict[str, Any]]:
        sent = json.loads(fetch(f"{stack.endpoint}/_ministack/ses/messages"))["messages"]
        found = [{"to": mail["To"], "text": mail["BodyText"]} for account in sent.values() for mail in account]
        return found[::-1]

    return Visitor(stack.api, mails)


def test_the_way_of_a_signature_works_under_the_functions_own_roles(stack: Deployed) -> None:
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


def test_what_was_used_of_the_policies_is_noted_as_the_project_names_it(stack: Deployed, noted: Path) -> None:
    visitor(stack).sign(SLUG, "noted@example.org")
    used, known = read(noted), set(entries(resolved()))
    table = "arn:aws:dynamodb:eu-west-2:123456789012:table/petitions-SignaturesTable"
    assert ("api_handler", Word("WriteSignatures", "Resource", table)) in used
    assert used <= known


def test_a_recount_works_under_its_role_and_finds_no_drift(stack: Deployed) -> None:
    supporter, cloud = visitor(stack), Cloud(stack.endpoint)
    supporter.sign(SLUG, "grace@example.org")
    supporter.press("confirm", supporter.link("confirm", "grace@example.org"))
    done = cloud.client("lambda").invoke(
        FunctionName=stack.outputs["RecountTalliesName"], Payload=json.dumps(SCHEDULED).encode(), LogType="Tail"
    )
    assert "FunctionError" not in done, done["Payload"].read()
    output = base64.b64decode(done["LogResult"]).decode()
    assert '"Drift": 0' in output
    assert "grace" not in output


def test_a_recount_cannot_read_names(stack: Deployed) -> None:
    client, table = _as_function(stack, "RecountTallies"), stack.outputs["SignaturesTableName"]
    only = {"Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": "email"}}
    for attributes in ({}, only):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.query(TableName=table, **READS["query"], **attributes)


def test_a_recount_cannot_write(stack: Deployed) -> None:
    client = _as_function(stack, "RecountTallies")
    for table in ("SignaturesTableName", "CountsTableName"):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.put_item(TableName=stack.outputs[table], Item={"pk": {"S": "TALLY#a"}, "sk": {"S": "b"}})


def test_pending_signatures_and_the_funnel_are_projected_from_the_stream(stack: Deployed) -> None:
    supporter, staff = visitor(stack), issue_token(stack)
    wait_for(lambda: _is_still(stack))
    before, projected_before = _passed(supporter, staff), _projected(stack)
    supporter.sign(SLUG, "bob@example.org")

    def pending() -> int:
        return int(supporter.read(f"/api/staff/petitions/{SLUG}/counts", staff)["pending"])

    waiting = wait_for(pending)
    supporter.press("confirm", supporter.link("confirm", "bob@example.org"))
    wait_for(lambda: pending() == waiting - 1)
    assert _passed(supporter, staff) - before == {"received": 1, "mailed": 1, "confirmed": 1}
    # The signature was put, emailed and confirmed. The claim in between is filtered out.
    assert _projected(stack) - projected_before == 3


def test_overflowed_signatures_are_stored_under_the_workers_own_role(stack: Deployed) -> None:
    supporter, cloud = visitor(stack), Cloud(stack.endpoint)
    manage(settings(stack), "shed", "accept-only")
    time.sleep(LEVEL_SECONDS + 0.5)
    supporter.sign(SLUG, "overflow@example.org")
    manage(settings(stack), "shed", "normal")
    time.sleep(LEVEL_SECONDS + 0.5)  # The next test's signatures must not take the queue.
    item = wait_for(lambda: _item(cloud, stack, "overflow@example.org"))
    assert item["state"] == {"S": "pending"}
    assert supporter.link("confirm", "overflow@example.org")


def test_a_bounce_from_ses_reaches_the_signature(stack: Deployed) -> None:
    supporter, cloud = visitor(stack), Cloud(stack.endpoint)
    supporter.sign(SLUG, "bounce@example.org")
    item = wait_for(lambda: _item(cloud, stack, "bounce@example.org"))
    tags = {"kind": ["confirm"], "key": [f"{SLUG}_{item['sk']['S']}"]}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    cloud.client("sns").publish(TopicArn=stack.outputs["MailEventsTopicArn"], Message=json.dumps(event))
    wait_for(lambda: "undeliverable" in _item(cloud, stack, "bounce@example.org"))


def test_a_pause_disables_the_senders_event_sources_and_its_end_enables_them(stack: Deployed) -> None:
    tables, cloud = Tables(_dynamodb(stack), _names(stack)), Cloud(stack.endpoint)
    pause_mail(times.now(), tables)
    assert _watched(cloud, stack) == {"SendMail": "Disabled", "SendOtherMail": "Disabled"}
    visitor(stack).sign(SLUG, "carol@example.org")
    resume_mail(times.now(), tables)
    assert _watched(cloud, stack)["SendMail"] == "Enabled"
    visitor(stack).link("confirm", "carol@example.org")
    wait_for(lambda: _watched(cloud, stack)["SendOtherMail"] == "Enabled")


def _emails_to(stack: Deployed, email: str) -> bytes:
    sent = json.loads(fetch(f"{stack.endpoint}/_ministack/ses/messages"))["messages"]
    return json.dumps([mail for account in sent.values() for mail in account if email in str(mail["To"])]).encode()


def test_a_second_signing_is_emailed_by_the_low_priority_queue(stack: Deployed) -> None:
    supporter, email = visitor(stack), "dora@example.org"
    supporter.sign(SLUG, email)
    supporter.press("confirm", supporter.link("confirm", email))
    _forget_the_first_email(stack, email)
    supporter.sign(SLUG, email)
    wait_for(lambda: b"already signed" in _emails_to(stack, email), EMAIL_SECONDS)


def test_the_sweep_queues_a_lost_mail_request_and_it_is_sent(stack: Deployed) -> None:
    tables, cloud = Tables(_dynamodb(stack), _names(stack)), Cloud(stack.endpoint)
    petition = petition_as_stored(SLUG, tables)
    long_ago = times.now() - timedelta(days=21)
    form = read_json(json.dumps({"name": "Eve", "email": "eve@example.org", "consent": {"sign": True}}))
    sign(form, petition, own_origin(petition, "api", None), long_ago, a_signing_context(tables))
    _run(cloud, stack, "SweepMail")
    assert visitor(stack).link("confirm", "eve@example.org")
    assert "group" not in (tables.get(mail_keys.mail_sweep()) or {"group": ""})


def test_the_count_reader_reads_counts(stack: Deployed) -> None:
    client, table = _as_function(stack, "Counts"), stack.outputs["CountsTableName"]
    client.get_item(TableName=table, Key={"pk": {"S": keys.PETITIONS_PARTITION}, "sk": {"S": SLUG}})
    assert _outcome(stack, "Counts", "CountsTableName", "get_item") == "AccessDeniedException"
    assert _outcome(stack, "Counts", "CountsTableName", "scan") == "AccessDeniedException"


def test_manage_issues_a_token_and_only_manage_reads_the_audit_trail(stack: Deployed) -> None:
    bob = issue_token(stack, "bob", "counts,manage")
    headers = {"Authorization": f"Bearer {bob}", "Content-Type": "application/json"}
    wanted = json.dumps({"owner": "carla", "rights": ["counts"]}).encode()
    issued = json.loads(fetch(urllib.request.Request(f"{stack.api}/api/staff/tokens", wanted, headers)))
    supporter = visitor(stack)
    assert supporter.read(f"/api/staff/petitions/{SLUG}/counts", issued["token"])["slug"] == SLUG
    me = supporter.read("/api/staff/me", issued["token"])
    assert (me["owner"], me["last_used_at"] is not None) == ("carla", True)
    entry = supporter.read("/api/staff/audit", bob)["entries"][0]
    assert (entry["owner"], entry["action"]) == ("bob", "token.issued")
    assert _outcome(stack, "Manage", "AuditTableName", "query") == "done"
    assert _outcome(stack, "Manage", "AuditTableName", "get_item") == "AccessDeniedException"
    assert _outcome(stack, "Counts", "AuditTableName", "query") == "AccessDeniedException"


def test_a_statement_is_issued_and_checked_under_the_count_readers_own_role(stack: Deployed) -> None:
    headers = {"Authorization": f"Bearer {issue_token(stack)}"}
    asked = urllib.request.Request(f"{stack.api}/api/staff/petitions/{SLUG}/statements", b"", headers)
    frozen = json.loads(fetch(asked))
    token = frozen["url"].rpartition("/")[2]
    assert visitor(stack).read(f"/api/statements/{token}")["statement"] == frozen["statement"]
    assert b"This statement is genuine" in fetch(f"{stack.api}/statements/{token}")


def test_staff_health_reads_queue_depths_but_no_messages(stack: Deployed) -> None:
    assert visitor(stack).read("/api/staff/health", issue_token(stack))["overflow"] == {"waiting": 0}
    queues = _as_function(stack, "Counts", "sqs")
    for queue in ("MailQueueUrl", "OverflowQueueUrl"):
        with pytest.raises(ClientError, match="AccessDenied"):
            queues.receive_message(QueueUrl=stack.outputs[queue])


def test_manage_creates_a_petition_but_cannot_reach_signatures(stack: Deployed) -> None:
    bob = issue_token(stack, "bob", "manage,counts")
    headers = {"Authorization": f"Bearer {bob}", "Content-Type": "application/json", "If-Match": "*"}
    url, begun = f"{stack.api}/api/staff/petitions", dict(A_PETITION)
    draft = json.loads(fetch(urllib.request.Request(url, json.dumps(begun).encode(), headers)))
    assert (draft["state"], draft["revision"]) == ("draft", 1)
    opening = urllib.request.Request(f"{url}/begun/state", b'{"state": "open"}', headers)
    assert json.loads(fetch(opening))["state"] == "open"
    assert visitor(stack).read("/api/staff/petitions/begun/counts", bob)["confirmed"] == 0
    for operation in ("get_item", "scan", "query"):
        assert _outcome(stack, "Manage", "SignaturesTableName", operation) == "AccessDeniedException"


def test_a_manager_without_the_counts_right_reads_no_counts(stack: Deployed) -> None:
    """The policy for petitions/* must not open petitions/x/counts."""
    bob = issue_token(stack, "bob", "manage")
    assert visitor(stack).read(f"/api/staff/petitions/{SLUG}", bob)["slug"] == SLUG
    with pytest.raises(urllib.error.HTTPError, match="403"):
        visitor(stack).read(f"/api/staff/petitions/{SLUG}/counts", bob)


def test_the_links_function_reads_one_signature_never_a_list(stack: Deployed) -> None:
    assert _outcome(stack, "Links", "SignaturesTableName", "get_item") == "done"
    assert _outcome(stack, "Links", "SignaturesTableName", "query") == "AccessDeniedException"
    assert _outcome(stack, "Links", "SignaturesTableName", "scan") == "AccessDeniedException"


def test_the_people_function_reads_one_signature_by_id_never_a_list(stack: Deployed) -> None:
    assert _outcome(stack, "People", "SignaturesTableName", "get_item") == "done"
    for operation in ("query", "scan", "delete_item"):
        assert _outcome(stack, "People", "SignaturesTableName", operation) == "AccessDeniedException"
    for operation in READS:
        assert _outcome(stack, "People", "AuditTableName", operation) == "AccessDeniedException"


def test_the_sign_in_function_writes_tokens_and_reads_nothing(stack: Deployed) -> None:
    client, table = _as_function(stack, "SignIn"), stack.outputs["CountsTableName"]
    for operation in READS:
        assert _outcome(stack, "SignIn", "CountsTableName", operation) == "AccessDeniedException"
    client.put_item(TableName=table, Item={"pk": {"S": "TOKENS"}, "sk": {"S": "a-test"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_item(TableName=table, Item={"pk": {"S": keys.PETITIONS_PARTITION}, "sk": {"S": "a-test"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        client.update_item(TableName=table, **KEY)


def test_an_export_works_under_its_roles_which_cannot_read_addresses(stack: Deployed) -> None:
    supporter, staff = visitor(stack), issue_token(stack)
    supporter.sign(SLUG, "handed@example.org")
    supporter.press("confirm", supporter.link("confirm", "handed@example.org"))
    where, headers = (
        f"{stack.api}/api/staff/petitions/{SLUG}/exports",
        {"Authorization": f"Bearer {staff}", "Content-Type": "application/json"},
    )
    asked = json.loads(fetch(urllib.request.Request(where, b"{}", headers)))
    done = wait_for(lambda: _ended(supporter.read(f"/api/staff/exports/{asked['id']}", staff)), 90)
    assert done["state"] == "done", done
    file = fetch(supporter.read(f"/api/staff/exports/{asked['id']}/file", staff)["url"])
    assert b"Ada" in file
    assert b"handed@example.org" not in file
    for operation in ("get_item", "query", "scan"):
        assert _outcome(stack, "Exports", "SignaturesTableName", operation) == "AccessDeniedException"
    for operation in ("get_item", "scan"):
        assert _outcome(stack, "RunExport", "SignaturesTableName", operation) == "AccessDeniedException"


def _ended(export: dict[str, Any]) -> dict[str, Any]:
    return export if export["state"] not in ("waiting", "running") else {}


A_PETITION = {
    "slug": "begun",
    "title": "Begun",
    "summary": "Begun over HTTP.",
    "text": "We ask for it.",
    "target": "the Home Secretary",
    "charity": "Harbour for Children",
    "privacy_contact": "privacy@harbour.example",
    "sign_wording": "I sign",
    "updates_wording": "Send me updates",
    "goal": 10,
}


def _run(cloud: Cloud, stack: Deployed, function: str) -> None:
    """Run a function as its schedule does, and fail the test if it fails."""
    answer = cloud.client("lambda").invoke(
        FunctionName=stack.outputs[f"{function}Name"], Payload=json.dumps(schedule_event())
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def _watched(cloud: Cloud, stack: Deployed) -> dict[str, str]:
    """Run the watch and return the state of the senders' event sources."""
    _run(cloud, stack, "WatchMail")

    def state(function: str) -> str:
        [mapping] = cloud.client("lambda").list_event_source_mappings(FunctionName=stack.outputs[f"{function}Name"])[
            "EventSourceMappings"
        ]
        return str(mapping["State"])

    return {function: state(function) for function in ("SendMail", "SendOtherMail")}


def _dynamodb(stack: Deployed) -> Any:
    return Cloud(stack.endpoint).client("dynamodb")


def _names(stack: Deployed) -> dict[str, str]:
    return {keys.SIGNATURES: stack.outputs["SignaturesTableName"], keys.COUNTS: stack.outputs["CountsTableName"]}


def _sent(item: dict[str, Any]) -> dict[str, Any]:
    return item if "mailed_at" in item and "mail_kind" not in item else {}


def _forget_the_first_email(stack: Deployed, email: str) -> None:
    """Set the signature's last email to long ago, and empty the budgets, so that another may be sent at once."""
    # The email arrives before the sender marks it as sent, and on a busy machine the SDK repeats the mark, which would
    # set the time again. The sender has ended when its queue holds no message.
    item = wait_for(lambda: _sent(_item(Cloud(stack.endpoint), stack, email)))
    wait_for(lambda: not depths(Cloud(stack.endpoint), stack)["mail"], EMAIL_SECONDS)
    key = keys.Key(keys.SIGNATURES, item["pk"]["S"], item["sk"]["S"])
    Tables(_dynamodb(stack), _names(stack)).update(Change(key, assign={"mailed_at": "2020-01-01T00:00:00Z"}))
    client, table = _dynamodb(stack), stack.outputs["LimitsTableName"]
    for limit in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={name: limit[name] for name in ("pk", "sk")})


def _outcome(stack: Deployed, function: str, table: str, operation: str) -> str:
    try:
        getattr(_as_function(stack, function), operation)(TableName=stack.outputs[table], **READS.get(operation, KEY))
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def _as_function(stack: Deployed, function: str, service: str = "dynamodb") -> Any:
    """Return a client with the function's credentials."""
    cloud = Cloud(stack.endpoint)
    found = cloud.client("lambda").get_function_configuration(FunctionName=stack.outputs[f"{function}Name"])
    taken = cloud.client("sts").assume_role(RoleArn=found["Role"], RoleSessionName="test")["Credentials"]
    keys = (taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
    session: Any = boto3.Session(*keys, region_name="us-east-1")
    return session.client(service, endpoint_url=stack.endpoint)


def _item(cloud: Cloud, stack: Deployed, email: str) -> dict[str, Any]:
    found = cloud.client("dynamodb").scan(TableName=stack.outputs["SignaturesTableName"])["Items"]
    return next((item for item in found if item.get("email") == {"S": email}), {})


def _passed(supporter: Visitor, staff: str) -> Counter[str]:
    return Counter(supporter.read(f"/api/staff/petitions/{SLUG}/funnel", staff)["totals"])


def _is_still(stack: Deployed) -> bool:
    """Whether all changes of earlier tests are projected."""
    before = _projected(stack)
    time.sleep(2)
    return _projected(stack) == before


def _projected(stack: Deployed) -> int:
    """Return the number of changes that the projecting function has ever received, from its log."""
    logs = Cloud(stack.endpoint).client("logs")
    names = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    groups = [name for name in names if "ProjectSignatures" in name]
    messages = [event["message"] for group in groups for event in logs.filter_log_events(logGroupName=group)["events"]]
    return sum(json.loads(message)["changes"] for message in messages if '"event": "projected"' in message)
