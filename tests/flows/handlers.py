"""Call the application's handlers as API Gateway and the pollers of stream and queues do."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from chalice.test import Client, HTTPResponse

import app
from chalicelib.delivery import worker as mail
from chalicelib.projections import worker as projections
from chalicelib.signatures import worker as signatures
from tests.emulated import EmulatedAws, sent_mails

CONTEXT = type("Context", (), {"aws_request_id": "test-invocation"})()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class EmulatedSite:
    """The petition site on the tables of one test."""

    aws: EmulatedAws
    slug: str
    staff_token: str

    def __post_init__(self) -> None:
        self._iterators: list[str] | None = None
        self._seen_mails = len(sent_mails(self.aws.endpoint))

    def get(self, path: str, headers: dict[str, str] | None = None) -> HTTPResponse:
        with Client(app.app) as client:
            return client.http.get(path, headers=headers or {})

    def post_form(self, path: str, fields: dict[str, str]) -> HTTPResponse:
        with Client(app.app) as client:
            return client.http.post(path, headers=FORM, body=urlencode(fields).encode())

    def sign(self, **fields: Any) -> HTTPResponse:
        body = {"name": "Alice", "email": "alice@example.org", "consent": {"sign": True}, **fields}
        with Client(app.app) as client:
            path = f"/api/petitions/{self.slug}/signatures"
            return client.http.post(path, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())

    def new_records(self) -> list[dict[str, Any]]:
        """Return the stream's records since the last call, as Lambda's poller sends them."""
        client = boto3.client("dynamodbstreams")
        if self._iterators is None:
            shards = client.describe_stream(StreamArn=self.aws.stream_arn)["StreamDescription"]["Shards"]
            self._iterators = [
                client.get_shard_iterator(
                    StreamArn=self.aws.stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                for shard in shards
            ]
        answers = [client.get_records(ShardIterator=iterator) for iterator in self._iterators]
        self._iterators = [answer["NextShardIterator"] for answer in answers]
        return [_lambda_record(record, self.aws.stream_arn) for answer in answers for record in answer["Records"]]

    def relay(self, records: list[dict[str, Any]]) -> None:
        mail.relay_mail({"Records": records}, CONTEXT)

    def project(self, records: list[dict[str, Any]]) -> None:
        projections.project_signatures({"Records": records}, CONTEXT)

    def receive_mail_messages(self) -> list[dict[str, Any]]:
        """Receive and delete all messages of the mail queues, confirmations first."""
        return receive_all(self.aws.queues["mail"]) + receive_all(self.aws.queues["other_mail"])

    def receive_overflow_messages(self) -> list[dict[str, Any]]:
        """Receive and delete all messages of the overflow queue."""
        return receive_all(self.aws.queues["overflow"])

    def store_overflow(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Store overflowed signatures and return the messages to redeliver."""
        answer = signatures.store_overflow({"Records": messages}, CONTEXT)
        failed_ids = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return [message for message in messages if message["messageId"] in failed_ids]

    def send(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        answer: dict[str, Any] = mail.send_mail({"Records": messages}, CONTEXT)
        return answer

    def deliver(self) -> list[dict[str, Any]]:
        """Process the stream and the mail queues once, and return the new emails."""
        records = self.new_records()
        self.project(records)
        self.relay(records)
        self.send(self.receive_mail_messages())
        return self.new_mails()

    def new_mails(self) -> list[dict[str, Any]]:
        mails = sent_mails(self.aws.endpoint)
        new = mails[self._seen_mails :]
        self._seen_mails = len(mails)
        return new

    def count(self) -> int:
        return int(self.counts()["confirmed"])

    def counts(self, query: str = "") -> Any:
        """Return the counts that Bob, a member of staff, reads."""
        path = f"/api/staff/petitions/{self.slug}/counts{query}"
        answer = self.get(path, {"Authorization": f"Bearer {self.staff_token}"})
        assert answer.status_code == 200, answer.body
        return answer.json_body

    def breakdown(self, by: str) -> dict[str, int]:
        """Return the number of confirmed signatures by key. Assert that their sum is the total."""
        counts = self.counts(f"?by={by}")
        rows = counts["breakdown"]
        assert sum(row["confirmed"] for row in rows) == counts["confirmed"]
        return {row["key"]: row["confirmed"] for row in rows}


def link_in(mail: dict[str, Any], purpose: str) -> str:
    """Return the path and query of a link in an email's text."""
    found = re.search(rf"https?://\S+/{purpose}\?token=\S+", text_of(mail))
    assert found, text_of(mail)
    address = urlsplit(found[0])
    return f"{address.path}?{address.query}"


def text_of(mail: dict[str, Any]) -> str:
    """Return an email's text. The name of its field depends on the emulator."""
    for name in ("BodyText", "Text", "body_text"):
        if mail.get(name):
            return str(mail[name])
    return str(mail)


def _lambda_record(record: dict[str, Any], arn: str) -> dict[str, Any]:
    created = record["dynamodb"]["ApproximateCreationDateTime"]
    change = {**record["dynamodb"], "ApproximateCreationDateTime": created.timestamp()}
    return {**record, "dynamodb": change, "eventSourceARN": arn}


def receive_all(queue_url: str) -> list[dict[str, Any]]:
    client = boto3.client("sqs")
    received: list[dict[str, Any]] = []
    while messages := client.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
        "Messages", []
    ):
        for message in messages:
            client.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            received.append(
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                }
            )
    return received
