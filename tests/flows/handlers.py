"""Call the application's handlers as API Gateway and the pollers of stream and queues do."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
from chalice.test import HTTPResponse

from tests.actors import Person, json_of
from tests.emulated import EmulatedAws, sent_mails
from tests.fake_site import Application

ALICE = Person("Alice", "alice@example.org")


@dataclass
class EmulatedSite(Application):
    """The petition site on the tables of one test."""

    aws: EmulatedAws
    slug: str
    staff_token: str

    def __post_init__(self) -> None:
        self._iterators: list[str] | None = None
        self._seen_mails = len(sent_mails(self.aws.endpoint))

    def sign(self, person: Person = ALICE, **changes: Any) -> HTTPResponse:
        return self.post_json(f"/api/petitions/{self.slug}/signatures", json_of(person, **changes))

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

    def relay(self) -> list[dict[str, Any]]:
        """Process the stream once, and return its new records."""
        records = self.new_records()
        for function in ("project_signatures", "relay_mail"):
            self.invoke(function, {"Records": records})
        return records

    def waiting_mail(self) -> list[str]:
        """Receive and delete all messages of the mail queues, confirmations first."""
        return [*received_from(self.aws.queues["mail"]), *received_from(self.aws.queues["other_mail"])]

    def new_mails(self) -> list[Any]:
        """Process the stream and the mail queues once, and return the new emails."""
        self.relay()
        self.deliver("send_mail", self.waiting_mail())
        mails = sent_mails(self.aws.endpoint)
        new, self._seen_mails = mails[self._seen_mails :], len(mails)
        return [SimpleNamespace(text=mail["BodyText"]) for mail in new]

    def read(self, path: str) -> Any:
        """Return what Bob, a member of staff, reads about the petition."""
        url = f"/api/staff/petitions/{self.slug}/{path}"
        answer = self.get(url, authorization=f"Bearer {self.staff_token}")
        assert answer.status_code == 200, answer.body
        return answer.json_body


def _lambda_record(record: dict[str, Any], arn: str) -> dict[str, Any]:
    created = record["dynamodb"]["ApproximateCreationDateTime"]
    change = {**record["dynamodb"], "ApproximateCreationDateTime": created.timestamp()}
    return {**record, "dynamodb": change, "eventSourceARN": arn}


def received_from(queue_url: str) -> list[str]:
    """Receive and delete all messages of the queue, and return their bodies."""
    client = boto3.client("sqs")
    bodies = []
    while messages := client.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            client.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies
