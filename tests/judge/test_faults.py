"""Faults with a rate of 1: the error that the SDK raises, what is written, and when the rates hold."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from chalicelib.core import keys
from stack.judge.answers import Refused
from stack.judge.caller import calling
from stack.judge.faults import Faults, MailLimits
from stack.judge.judge import Judge
from stack.judge.model import Call
from stack.template.tables import table_id
from tests.emulated import EmulatedAws
from tests.judge.conftest import client_to_nowhere
from tests.judge.test_limits import mail

ITEM: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "b"}}
PUT = ("dynamodb", "PutItem", {"TableName": "t", "Item": ITEM})
TRANSACT = ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t", "Item": ITEM}}] * 3})
ENTRY: Any = {"Id": "0", "MessageBody": "x"}
SEND = ("sqs", "SendMessageBatch", {"QueueUrl": "http://127.0.0.1:1/1/q", "Entries": [ENTRY]})
MAIL = ("sesv2", "SendEmail", mail())
SOURCE = ("lambda", "UpdateEventSourceMapping", {"UUID": "any", "Enabled": False})
EARLY: dict[str, tuple[tuple[str, str, dict[str, Any]], str]] = {
    "table-throttled": (PUT, "ProvisionedThroughputExceededException"),
    "item-conflict": (PUT, "TransactionConflictException"),
    "transaction-in-progress": (TRANSACT, "TransactionInProgressException"),
    "queue-throttled": (SEND, "RequestThrottled"),
    "queue-key-throttled": (SEND, "KMS.ThrottlingException"),
    "mail-throttled": (MAIL, "TooManyRequestsException"),
    "function-throttled": (SOURCE, "TooManyRequestsException"),
    "source-changing": (SOURCE, "ResourceInUseException"),
    "bucket-slow": (("s3", "PutObject", {"Bucket": "b", "Key": "x", "Body": b""}), "SlowDown"),
}
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


def error_of(call: Callable[[], object]) -> Any:
    with calling("send_mail"), pytest.raises(ClientError) as caught:
        call()
    return caught.value.response


def call_nowhere(call: tuple[str, str, dict[str, Any]], attempts: int = 1) -> Any:
    service, operation, params = call
    return client_to_nowhere(service, attempts)._make_api_call(operation, params)


@pytest.mark.parametrize("name", EARLY)
def test_a_fault_raises_the_error_code_of_aws(lenient_judge: Judge, name: str) -> None:
    call, code = EARLY[name]
    lenient_judge.faults.set({name: 1})
    assert error_of(lambda: call_nowhere(call))["Error"]["Code"] == code


def test_each_attempt_of_the_sdk_gets_its_own_fault(lenient_judge: Judge) -> None:
    lenient_judge.faults.set({"table-throttled": 1})
    error_of(lambda: call_nowhere(PUT, attempts=2))
    assert lenient_judge.faults.met == {"table-throttled": 2}


def test_a_conflict_names_the_item_of_a_transaction(lenient_judge: Judge) -> None:
    lenient_judge.faults.set({"transaction-conflict": 1})
    error = error_of(lambda: call_nowhere(TRANSACT))
    assert error["Error"]["Code"] == "TransactionCanceledException"
    reasons = error["CancellationReasons"]
    assert sorted(reason["Code"] for reason in reasons) == ["None", "None", "TransactionConflict"]


def test_a_table_is_cut_off_between_two_moments_and_other_tables_are_not(lenient_judge: Judge) -> None:
    now = [0.0]
    faults = lenient_judge.faults = Faults(clock=lambda: now[0])
    faults.at(10, {"table-cut": 1}, table="t")
    faults.at(20, {}, table="t")
    put, elsewhere = Call(*PUT), Call("dynamodb", "GetItem", {"TableName": "u", "Key": ITEM})
    found = []
    for now[0] in (0, 10, 19.9, 20):
        found.append((faults.error(put) is not None, faults.error(elsewhere) is not None))
    assert found == [(False, False), (True, False), (True, False), (False, False)]
    now[0] = 10
    assert faults.error(Call(*TRANSACT))
    with calling("sign_in"), pytest.raises(ConnectionClosedError):
        call_nowhere(PUT)
    faults.set({"short-page": 1})
    assert faults.rates() == {"short-page": 1}
    assert faults.error(put) is None, "set replaces what was planned"


@pytest.mark.parametrize("wrong", [{"no-such": 0.5}, {"table-throttled": 1.5}, {"table-throttled": "often"}, ["x"]])
def test_an_unknown_fault_or_rate_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"rate|float|dictionary"):
        Faults().set(wrong)


def test_ses_refuses_above_its_rate_and_its_daily_quota(lenient_judge: Judge) -> None:
    now = [0.0]
    limits = MailLimits(rate=2, quota=3, clock=lambda: now[0])
    codes = []
    for now[0] in (0, 0, 0, 1, 1):
        try:
            limits.check()
        except Refused as refused:
            codes.append((now[0], refused.code))
    assert codes == [(0, "TooManyRequestsException"), (1, "LimitExceededException")]
    lenient_judge.faults.mail = limits
    assert error_of(lambda: call_nowhere(MAIL))["Error"]["Code"] == "LimitExceededException"
    assert limits.sent == 3
    assert limits.refused == {"TooManyRequestsException": 1, "LimitExceededException": 2}


@pytest.mark.flows
class TestOnTheEmulator:
    @pytest.fixture(autouse=True)
    def _allow_everything(self, emulated_aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Judge, "check_role", lambda *_: None)
        self.table = emulated_aws.judge.names[table_id(keys.SIGNATURES)]
        self.queue = emulated_aws.queues["mail"]
        self.faults = emulated_aws.judge.faults
        self.dynamodb, self.sqs = boto3.client("dynamodb", config=ONCE), boto3.client("sqs", config=ONCE)

    def stored(self, name: str) -> bool:
        """Put an item with this fault, and return whether it is stored."""
        self.faults.set({name: 1})
        error_of(lambda: self.dynamodb.put_item(TableName=self.table, Item=ITEM))
        return "Item" in self.dynamodb.get_item(TableName=self.table, Key=ITEM)

    def test_an_error_can_come_before_the_write_or_after_it(self) -> None:
        assert not self.stored("table-throttled")
        assert self.stored("table-error")
        self.faults.set({"queue-error": 1})
        error = error_of(lambda: self.sqs.send_message_batch(QueueUrl=self.queue, Entries=[ENTRY]))
        assert error["Error"]["Code"] == "InternalFailure"
        assert self.arrived() == ["x"]

    def arrived(self) -> list[str]:
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    def test_exactly_the_messages_that_are_not_named_as_failed_have_arrived(self) -> None:
        entries: Any = [{"Id": str(number), "MessageBody": str(number)} for number in range(3)]
        self.faults.set({"queue-partial": 1})
        numbers_failed = set()
        for _ in range(40):
            with calling("send_mail"):
                answer = self.sqs.send_message_batch(QueueUrl=self.queue, Entries=entries)
            failed = [entry["Id"] for entry in answer["Failed"]]
            assert failed
            assert sorted([*failed, *self.arrived()]) == ["0", "1", "2"]
            numbers_failed.add(len(failed))
        assert numbers_failed == {1, 2, 3}

    def test_a_read_is_partial_and_its_answer_says_what_is_missing(self) -> None:
        sorts = [{"pk": {"S": "a"}, "sk": {"S": sort}} for sort in "abcd"]
        for item in sorts:
            self.dynamodb.put_item(TableName=self.table, Item=item)
        self.faults.set({"table-partial": 1, "short-page": 1})
        query: Any = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
        with calling("send_mail"):
            batch = self.dynamodb.batch_get_item(RequestItems={self.table: {"Keys": sorts}})
            page = self.dynamodb.query(TableName=self.table, **query)
        rest = batch["UnprocessedKeys"][self.table]["Keys"]
        assert 0 < len(rest) < 4
        assert len(batch["Responses"][self.table]) == 4 - len(rest)
        assert (len(page["Items"]), page["LastEvaluatedKey"]["sk"]) == (1, {"S": "a"})
