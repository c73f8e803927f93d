"""A stack whose roles are enforced: its visitors, and what its functions may do."""

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys
from stack.attach import Deployed
from stack.aws import Cloud
from tests.fake_site import schedule_event
from tests.stack.supporter import EMAIL_SECONDS, Visitor, fetch, wait_for

# An event as EventBridge sends it. Chalice requires every field.
SCHEDULED_EVENT: dict[str, Any] = {
    **dict.fromkeys(("version", "id", "account", "time", "region", "source", "detail-type"), "any"),
    "resources": [],
    "detail": {},
}

SLUG = "support-trafficked-children"
KEY_ARGUMENT: dict[str, Any] = {"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
READ_ARGUMENTS: dict[str, dict[str, Any]] = {
    "get_item": KEY_ARGUMENT,
    "scan": {},
    "query": {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "a"}}},
}


QUEUES = {"overflow": "OverflowQueueUrl", "mail": "MailQueueUrl", "other mail": "OtherMailQueueUrl"}


def depths(cloud: Cloud, stack: Deployed) -> dict[str, int]:
    """Return the messages in each queue: waiting, in flight, or delayed."""
    names: Any = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    found = {}
    for name, output in QUEUES.items():
        answer = cloud.client("sqs").get_queue_attributes(QueueUrl=stack.outputs[output], AttributeNames=names)
        found[name] = sum(int(number) for number in answer["Attributes"].values())
    return found


def shorten_visibility_timeouts(cloud: Cloud, stack: Deployed, seconds: int) -> None:
    """Let failed messages return soon: on a busy machine, calls fail because they take longer than 2 s."""
    for output in QUEUES.values():
        cloud.client("sqs").set_queue_attributes(
            QueueUrl=stack.outputs[output], Attributes={"VisibilityTimeout": str(seconds)}
        )


def sent_emails(stack: Deployed) -> list[dict[str, Any]]:
    """Return the emails sent to the emulated SES, oldest first."""
    emails_by_account = json.loads(fetch(f"{stack.endpoint}/_ministack/ses/messages"))["messages"]
    return [email for emails in emails_by_account.values() for email in emails]


def visitor(stack: Deployed) -> Visitor:
    def mails() -> list[dict[str, Any]]:
        newest_first = sent_emails(stack)[::-1]
        return [{"to": email["To"], "text": email["BodyText"]} for email in newest_first]

    return Visitor(stack.api, mails)


def run_function(cloud: Cloud, stack: Deployed, function: str) -> None:
    """Run a function as its schedule does, and fail the test if it fails."""
    answer = cloud.client("lambda").invoke(
        FunctionName=stack.outputs[f"{function}Name"], Payload=json.dumps(schedule_event())
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def run_watch(cloud: Cloud, stack: Deployed) -> dict[str, str]:
    """Run the watch and return the state of the senders' event sources."""
    run_function(cloud, stack, "WatchMail")

    def state(function: str) -> str:
        name = stack.outputs[f"{function}Name"]
        answer = cloud.client("lambda").list_event_source_mappings(FunctionName=name)
        [mapping] = answer["EventSourceMappings"]
        return str(mapping["State"])

    return {function: state(function) for function in ("SendMail", "SendOtherMail")}


def dynamodb(stack: Deployed) -> Any:
    return Cloud(stack.endpoint).client("dynamodb")


def names_of(stack: Deployed) -> dict[str, str]:
    return {keys.SIGNATURES: stack.outputs["SignaturesTableName"], keys.COUNTS: stack.outputs["CountsTableName"]}


def _item_if_sent(item: dict[str, Any]) -> dict[str, Any]:
    is_sent = "mailed_at" in item and "mail_kind" not in item
    return item if is_sent else {}


def forget_the_first_email(stack: Deployed, email: str) -> None:
    """Set the signature's last email to long ago, and empty the budgets, so that another may be sent at once."""
    # Wait until the sender's queue is empty: then the sender has ended. Before that, the sender may mark the email as
    # sent, or the SDK may repeat the mark on a busy machine. Each mark sets the time again.
    cloud = Cloud(stack.endpoint)
    item = wait_for(lambda: _item_if_sent(item_of(cloud, stack, email)))
    wait_for(lambda: depths(cloud, stack)["mail"] == 0, EMAIL_SECONDS)
    key = keys.Key(keys.SIGNATURES, item["pk"]["S"], item["sk"]["S"])
    tables = Tables(dynamodb(stack), names_of(stack))
    tables.update(Change(key, assign={"mailed_at": "2020-01-01T00:00:00Z"}))
    client, table = dynamodb(stack), stack.outputs["LimitsTableName"]
    for limit in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={"pk": limit["pk"], "sk": limit["sk"]})


def outcome(stack: Deployed, function: str, table: str, operation: str) -> str:
    """Call the operation as the function, and return "done" or the code of the error."""
    try:
        call = getattr(client_of(stack, function), operation)
        call(TableName=stack.outputs[table], **READ_ARGUMENTS.get(operation, KEY_ARGUMENT))
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def client_of(stack: Deployed, function: str, service: str = "dynamodb") -> Any:
    """Return a client of an AWS service with the function's credentials."""
    cloud = Cloud(stack.endpoint)
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=stack.outputs[f"{function}Name"])
    credentials = cloud.client("sts").assume_role(RoleArn=configuration["Role"], RoleSessionName="test")["Credentials"]
    session_keys = (credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    session: Any = boto3.Session(*session_keys, region_name="us-east-1")
    return session.client(service, endpoint_url=stack.endpoint)


def item_of(cloud: Cloud, stack: Deployed, email: str) -> dict[str, Any]:
    """Return the signature with this email address; an empty item if there is none."""
    answer = cloud.client("dynamodb").scan(TableName=stack.outputs["SignaturesTableName"])
    items: list[dict[str, Any]] = answer["Items"]
    for item in items:
        if item.get("email") == {"S": email}:
            return item
    return {}
