"""Faults with a rate of 1: what a function's SDK makes of each, and what the emulator did."""

import urllib.error
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack.aws import Cloud
from stack.emulator import Emulator, set_faults
from stack.strict.faults import FAULTS
from tests.strict.conftest import BUCKET, SENDER, TABLE, Clients

SetFaults = Callable[..., Any]
MAIL = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}


@pytest.fixture
def faults(running: Emulator) -> Iterator[SetFaults]:
    def rates(**rates: float) -> dict[str, int]:
        return set_faults(running.endpoint, {name.replace("_", "-"): rate for name, rate in rates.items()})

    yield rates
    rates()


def key() -> dict[str, Any]:
    return {"pk": {"S": uuid.uuid4().hex}, "sk": {"S": "b"}}


def put(clients: Clients) -> Any:
    return clients("dynamodb").put_item(TableName=TABLE, Item=key())


def transact(clients: Clients) -> Any:
    items: Any = [{"Put": {"TableName": TABLE, "Item": key()}} for _ in range(3)]
    return clients("dynamodb").transact_write_items(TransactItems=items)


CALLS: dict[str, tuple[Callable[[Clients, str], Any], str]] = {
    "table-throttled": (lambda c, _: put(c), "ProvisionedThroughputExceededException"),
    "transaction-conflict": (lambda c, _: transact(c), "TransactionCanceledException"),
    "item-conflict": (lambda c, _: put(c), "TransactionConflictException"),
    "transaction-in-progress": (lambda c, _: transact(c), "TransactionInProgressException"),
    "table-error": (lambda c, _: put(c), "InternalServerError"),
    "queue-throttled": (lambda c, q: c("sqs").send_message(QueueUrl=q, MessageBody="x"), "RequestThrottled"),
    "queue-key-throttled": (lambda c, q: c("sqs").send_message(QueueUrl=q, MessageBody="x"), "KMS.ThrottlingException"),
    "queue-error": (lambda c, q: c("sqs").send_message(QueueUrl=q, MessageBody="x"), "InternalFailure"),
    "mail-throttled": (
        lambda c, _: c("sesv2").send_email(
            FromEmailAddress=SENDER, Destination={"ToAddresses": ["a@example.org"]}, Content={"Simple": MAIL}
        ),
        "TooManyRequestsException",
    ),
    "function-throttled": (
        lambda c, _: c("lambda").get_event_source_mapping(UUID="any"),
        "TooManyRequestsException",
    ),
    "source-changing": (
        lambda c, _: c("lambda").update_event_source_mapping(UUID="any", Enabled=False),
        "ResourceInUseException",
    ),
    "bucket-slow": (lambda c, _: c("s3").put_object(Bucket=BUCKET, Key="x", Body=b""), "SlowDown"),
}
IN_PART = {"queue-partial", "short-page", "table-partial"}


@pytest.mark.parametrize("name", CALLS)
def test_the_sdk_reads_the_fault_as_aws_sends_it(
    faults: SetFaults, function: Clients, queue_url: str, name: str
) -> None:
    call, code = CALLS[name]
    faults(**{name: 1})
    with pytest.raises(ClientError) as caught:
        call(function, queue_url)
    assert caught.value.response["Error"]["Code"] == code


def test_every_fault_is_tested_here() -> None:
    assert {*CALLS, *IN_PART} == set(FAULTS)


def test_a_conflict_names_the_item_of_a_transaction(faults: SetFaults, function: Clients) -> None:
    faults(transaction_conflict=1)
    with pytest.raises(ClientError) as caught:
        transact(function)
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert sorted(reason["Code"] for reason in response["CancellationReasons"]) == [
        "None",
        "None",
        "TransactionConflict",
    ]


def test_a_refusal_comes_before_the_write_and_an_error_after_it(
    faults: SetFaults, function: Clients, cloud: Cloud, queue_url: str
) -> None:
    def written(item: dict[str, Any]) -> bool:
        with pytest.raises(ClientError):
            function("dynamodb").put_item(TableName=TABLE, Item=item)
        return "Item" in cloud.client("dynamodb").get_item(TableName=TABLE, Key=item)

    faults(table_throttled=1)
    assert not written(key())
    faults(table_error=1)
    assert written(key())


def test_messages_that_are_not_named_as_failed_have_arrived(
    faults: SetFaults, function: Clients, cloud: Cloud, queue_url: str
) -> None:
    queue = cloud.client("sqs").create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(10)]
    faults(queue_partial=1)
    answer = function("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
    failed = {entry["Id"] for entry in answer["Failed"]}
    arrived = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    assert failed
    assert failed | {message["Body"] for message in arrived} == {entry["Id"] for entry in entries}
    assert len(failed) + len(arrived) == len(entries)


def test_keys_that_were_not_read_are_named(faults: SetFaults, function: Clients, queue_url: str) -> None:
    keys = [{"pk": {"S": "a"}, "sk": {"S": sort}} for sort in "abcd"]
    faults(table_partial=1)
    answer = function("dynamodb").batch_get_item(RequestItems={TABLE: {"Keys": keys}})
    rest = answer["UnprocessedKeys"][TABLE]["Keys"]
    assert 0 < len(rest) < 4
    assert len(answer["Responses"][TABLE]) == 4 - len(rest)


def test_a_page_ends_early_and_says_where(faults: SetFaults, function: Clients, queue_url: str) -> None:
    faults(short_page=1)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    answer = function("dynamodb").query(TableName=TABLE, **query)
    assert (len(answer["Items"]), answer["LastEvaluatedKey"]["sk"]) == (1, {"S": "a"})


def test_the_deployer_meets_no_fault_and_what_functions_met_is_counted(
    faults: SetFaults, function: Clients, cloud: Cloud, queue_url: str
) -> None:
    before = faults(table_throttled=1).get("table-throttled", 0)
    cloud.client("dynamodb").put_item(TableName=TABLE, Item=key())
    with pytest.raises(ClientError):
        put(function)
    assert faults()["table-throttled"] == before + 1


def test_an_unknown_fault_or_rate_is_refused(faults: SetFaults) -> None:
    for wrong in ({"no_such": 0.5}, {"table_throttled": 1.5}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            faults(**wrong)
