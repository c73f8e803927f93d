"""With roles enforced, the functions for staff can do their own work and no other's."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.core import keys
from stack.attach import Deployed
from stack.manage import issue_token
from tests.stack.powers import KEY_ARGUMENT, READ_ARGUMENTS, SLUG, client_of, outcome, visitor
from tests.stack.supporter import fetch, post_json, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("powers")]


def test_the_count_reader_reads_counts(stack: Deployed) -> None:
    client, table = client_of(stack, "Counts"), stack.outputs["CountsTableName"]
    client.get_item(TableName=table, Key={"pk": {"S": keys.PETITIONS_PARTITION}, "sk": {"S": SLUG}})
    assert outcome(stack, "Counts", "CountsTableName", "get_item") == "AccessDeniedException"
    assert outcome(stack, "Counts", "CountsTableName", "scan") == "AccessDeniedException"


def test_the_manage_function_issues_tokens_and_alone_reads_the_audit_trail(stack: Deployed) -> None:
    bobs_token = issue_token(stack, "bob", "counts,manage")
    body = {"owner": "carla", "rights": ["counts"]}
    issued = post_json(f"{stack.api}/api/staff/tokens", body, {"Authorization": f"Bearer {bobs_token}"})
    supporter = visitor(stack)
    assert supporter.read(f"/api/staff/petitions/{SLUG}/counts", issued["token"])["slug"] == SLUG
    me = supporter.read("/api/staff/me", issued["token"])
    assert me["owner"] == "carla"
    assert me["last_used_at"] is not None
    entry = supporter.read("/api/staff/audit", bobs_token)["entries"][0]
    assert (entry["owner"], entry["action"]) == ("bob", "token.issued")
    assert outcome(stack, "Manage", "AuditTableName", "query") == "done"
    assert outcome(stack, "Manage", "AuditTableName", "get_item") == "AccessDeniedException"
    assert outcome(stack, "Counts", "AuditTableName", "query") == "AccessDeniedException"


def test_a_statement_is_issued_and_checked_under_the_count_readers_own_role(stack: Deployed) -> None:
    headers = {"Authorization": f"Bearer {issue_token(stack)}"}
    request = urllib.request.Request(f"{stack.api}/api/staff/petitions/{SLUG}/statements", b"", headers)
    issued = json.loads(fetch(request))
    token = issued["url"].rpartition("/")[2]
    assert visitor(stack).read(f"/api/statements/{token}")["statement"] == issued["statement"]
    assert b"This statement is genuine" in fetch(f"{stack.api}/statements/{token}")


def test_staff_health_reads_queue_depths_but_no_messages(stack: Deployed) -> None:
    assert visitor(stack).read("/api/staff/health", issue_token(stack))["overflow"] == {"waiting": 0}
    queues = client_of(stack, "Counts", "sqs")
    for queue in ("MailQueueUrl", "OverflowQueueUrl"):
        with pytest.raises(ClientError, match="AccessDenied"):
            queues.receive_message(QueueUrl=stack.outputs[queue])


def test_the_manage_function_creates_a_petition_but_cannot_read_signatures(stack: Deployed) -> None:
    bobs_token = issue_token(stack, "bob", "manage,counts")
    headers = {"Authorization": f"Bearer {bobs_token}", "If-Match": "*"}
    url = f"{stack.api}/api/staff/petitions"
    draft = post_json(url, DRAFT_FIELDS, headers)
    assert (draft["state"], draft["revision"]) == ("draft", 1)
    opened = post_json(f"{url}/begun/state", {"state": "open"}, headers)
    assert opened["state"] == "open"
    assert visitor(stack).read("/api/staff/petitions/begun/counts", bobs_token)["confirmed"] == 0
    for operation in ("get_item", "scan", "query"):
        assert outcome(stack, "Manage", "SignaturesTableName", operation) == "AccessDeniedException"


def test_a_manager_without_the_counts_right_reads_no_counts(stack: Deployed) -> None:
    """The policy for petitions/* must not open petitions/x/counts."""
    bobs_token = issue_token(stack, "bob", "manage")
    assert visitor(stack).read(f"/api/staff/petitions/{SLUG}", bobs_token)["slug"] == SLUG
    with pytest.raises(urllib.error.HTTPError, match="403"):
        visitor(stack).read(f"/api/staff/petitions/{SLUG}/counts", bobs_token)


def test_the_links_function_reads_one_signature_never_a_list(stack: Deployed) -> None:
    assert outcome(stack, "Links", "SignaturesTableName", "get_item") == "done"
    assert outcome(stack, "Links", "SignaturesTableName", "query") == "AccessDeniedException"
    assert outcome(stack, "Links", "SignaturesTableName", "scan") == "AccessDeniedException"


def test_the_people_function_reads_one_signature_by_id_never_a_list(stack: Deployed) -> None:
    assert outcome(stack, "People", "SignaturesTableName", "get_item") == "done"
    for operation in ("query", "scan", "delete_item"):
        assert outcome(stack, "People", "SignaturesTableName", operation) == "AccessDeniedException"
    for operation in READ_ARGUMENTS:
        assert outcome(stack, "People", "AuditTableName", operation) == "AccessDeniedException"


def test_the_sign_in_function_writes_tokens_and_reads_nothing(stack: Deployed) -> None:
    client, table = client_of(stack, "SignIn"), stack.outputs["CountsTableName"]
    for operation in READ_ARGUMENTS:
        assert outcome(stack, "SignIn", "CountsTableName", operation) == "AccessDeniedException"
    client.put_item(TableName=table, Item={"pk": {"S": "TOKENS"}, "sk": {"S": "a-test"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_item(TableName=table, Item={"pk": {"S": keys.PETITIONS_PARTITION}, "sk": {"S": "a-test"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        client.update_item(TableName=table, **KEY_ARGUMENT)


def test_an_export_works_under_its_roles_which_cannot_read_addresses(stack: Deployed) -> None:
    supporter, staff = visitor(stack), issue_token(stack)
    supporter.sign(SLUG, "handed@example.org")
    supporter.press("confirm", supporter.link("confirm", "handed@example.org"))
    url = f"{stack.api}/api/staff/petitions/{SLUG}/exports"
    export = post_json(url, {}, {"Authorization": f"Bearer {staff}"})
    path = f"/api/staff/exports/{export['id']}"
    done = wait_for(lambda: _export_if_ended(supporter.read(path, staff)), 90)
    assert done["state"] == "done", done
    link = supporter.read(f"{path}/file", staff)
    file = fetch(link["url"])
    assert b"Ada" in file
    assert b"handed@example.org" not in file
    for operation in ("get_item", "query", "scan"):
        assert outcome(stack, "Exports", "SignaturesTableName", operation) == "AccessDeniedException"
    for operation in ("get_item", "scan"):
        assert outcome(stack, "RunExport", "SignaturesTableName", operation) == "AccessDeniedException"


def _export_if_ended(export: dict[str, Any]) -> dict[str, Any]:
    has_ended = export["state"] not in ("waiting", "running")
    return export if has_ended else {}


DRAFT_FIELDS = {
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
