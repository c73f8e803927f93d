"""Faults with a rate of 1: the error that a function's SDK raises, and what the emulator has written."""

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

# Takes the rates of faults by name. Returns how often each fault has occurred.
SetRates = Callable[..., Any]
MAIL = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}


@pytest.fixture
def set_rates(strict_emulator: Emulator) -> Iterator[SetRates]:
    def set_all(**rates: float) -> dict[str, int]:
        rates_by_fault = {name.replace("_", "-"): rate for name, rate in rates.items()}
        return set_faults(strict_emulator.endpoint, rates_by_fault)

    yield set_all
    set_all()


def key() -> dict[str, Any]:
    return {"pk": {"S": uuid.uuid4().hex}, "sk": {"S": "b"}}


def put(clients: Clients) -> Any:
    return clients("dynamodb").put_item(TableName=TABLE, Item=key())


def transact(clients: Clients) -> Any:
    items: Any = [{"Put": {"TableName": TABLE, "Item": key()}} for _ in range(3)]
    return clients("dynamodb").transact_write_items(TransactItems=items)


def send(clients: Clients, queue_url: str) -> Any:
    return clients("sqs").send_message(QueueUrl=queue_url, MessageBody="x")


def send_email(clients: Clients) -> Any:
    to = {"ToAddresses": ["a@example.org"]}
    return clients("sesv2").send_email(FromEmailAddress=SENDER, Destination=to, Content={"Simple": MAIL})


CALLS: dict[str, tuple[Callable[[Clients, str], Any], str]] = {
    "table-throttled": (lambda c, _: put(c), "ProvisionedThroughputExceededException"),
    "transaction-conflict": (lambda c, _: transact(c), "TransactionCanceledException"),
    "item-conflict": (lambda c, _: put(c), "TransactionConflictException"),
    "transaction-in-progress": (lambda c, _: transact(c), "TransactionInProgressException"),
    "table-error": (lambda c, _: put(c), "InternalServerError"),
    "queue-throttled": (send, "RequestThrottled"),
    "queue-key-throttled": (send, "KMS.ThrottlingException"),
    "queue-error": (send, "InternalFailure"),
    "mail-throttled": (lambda c, _: send_email(c), "TooManyRequestsException"),
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
PARTIAL_FAULTS = {"queue-partial", "short-page", "table-partial"}


@pytest.mark.parametrize("name", CALLS)
def test_a_fault_raises_the_error_code_of_aws(
    set_rates: SetRates, function_clients: Clients, queue_url: str, name: str
) -> None:
    call, code = CALLS[name]
    set_rates(**{name: 1})
    with pytest.raises(ClientError) as caught:
        call(function_clients, queue_url)
    assert caught.value.response["Error"]["Code"] == code


def test_every_fault_is_tested_here() -> None:
    assert {*CALLS, *PARTIAL_FAULTS} == set(FAULTS)


def test_a_conflict_names_the_item_of_a_transaction(set_rates: SetRates, function_clients: Clients) -> None:
    set_rates(transaction_conflict=1)
    with pytest.raises(ClientError) as caught:
        transact(function_clients)
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason["Code"] for reason in response["CancellationReasons"]]
    assert sorted(codes) == ["None", "None", "TransactionConflict"]


def test_a_refusal_comes_before_the_write_and_an_error_after_it(
    set_rates: SetRates, function_clients: Clients, cloud: Cloud, queue_url: str
) -> None:
    def is_stored_after_its_error(item: dict[str, Any]) -> bool:
        with pytest.raises(ClientError):
            function_clients("dynamodb").put_item(TableName=TABLE, Item=item)
        return "Item" in cloud.client("dynamodb").get_item(TableName=TABLE, Key=item)

    set_rates(table_throttled=1)
    assert not is_stored_after_its_error(key())
    set_rates(table_error=1)
    assert is_stored_after_its_error(key())


def test_exactly_the_messages_that_are_not_named_as_failed_have_arrived(
    set_rates: SetRates, function_clients: Clients, cloud: Cloud, queue_url: str
) -> None:
    queue = cloud.client("sqs").create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(10)]
    set_rates(queue_partial=1)
    answer = function_clients("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
    failed = {entry["Id"] for entry in answer["Failed"]}
    received = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    arrived = [message["Body"] for message in received.get("Messages", [])]
    assert failed
    assert {*failed, *arrived} == {entry["Id"] for entry in entries}
    assert len(failed) + len(arrived) == len(entries)


def test_the_answer_names_the_keys_that_were_not_read(
    set_rates: SetRates, function_clients: Clients, queue_url: str
) -> None:
    keys = [{"pk": {"S": "a"}, "sk": {"S": sort}} for sort in "abcd"]
    set_rates(table_partial=1)
    answer = function_clients("dynamodb").batch_get_item(RequestItems={TABLE: {"Keys": keys}})
    rest = answer["UnprocessedKeys"][TABLE]["Keys"]
    assert 0 < len(rest) < 4
    assert len(answer["Responses"][TABLE]) == 4 - len(rest)


def test_a_page_ends_early_and_names_its_last_key(
    set_rates: SetRates, function_clients: Clients, queue_url: str
) -> None:
    set_rates(short_page=1)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    answer = function_clients("dynamodb").query(TableName=TABLE, **query)
    assert (len(answer["Items"]), answer["LastEvaluatedKey"]["sk"]) == (1, {"S": "a"})


def test_the_deployer_gets_no_fault_and_the_faults_of_functions_are_counted(
    set_rates: SetRates, function_clients: Clients, cloud: Cloud, queue_url: str
) -> None:
    before = set_rates(table_throttled=1).get("table-throttled", 0)
    cloud.client("dynamodb").put_item(TableName=TABLE, Item=key())
    with pytest.raises(ClientError):
        put(function_clients)
    assert set_rates()["table-throttled"] == before + 1


def test_an_unknown_fault_or_rate_is_refused(set_rates: SetRates) -> None:
    wrong_rates: list[dict[str, Any]] = [{"no_such": 0.5}, {"table_throttled": 1.5}, {"table_throttled": "often"}]
    for wrong in wrong_rates:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            set_rates(**wrong)
