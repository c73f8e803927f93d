"""The strict emulator and its clients. It checks the calls of a function, and not those of the deployer."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config

from stack.aws import Cloud
from stack.emulator import Emulator, emulator
from stack.paths import REGION

TABLE, BUCKET, SENDER = "strict", "strict", "from@example.org"
Clients = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        uses_emulator = "strict_emulator" in getattr(item, "fixturenames", ())
        if uses_emulator and item.nodeid.startswith("tests/strict/"):
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group("strict"))


@pytest.fixture(scope="session")
def strict_emulator() -> Iterator[Emulator]:
    with emulator() as started:
        yield started


@pytest.fixture(scope="session")
def cloud(strict_emulator: Emulator) -> Cloud:
    """Clients of the deployer."""
    return Cloud(strict_emulator.endpoint)


@pytest.fixture(scope="session")
def queue_url(cloud: Cloud) -> str:
    """Create a table with items, a queue, a bucket and a sender. Return the queue's URL."""
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )
    for sort in "abcd":
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "a"}, "sk": {"S": sort}, "letters": {"SS": ["a"]}})
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    cloud.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    return str(cloud.client("sqs").create_queue(QueueName="strict")["QueueUrl"])


@pytest.fixture(scope="session")
def clients_of_policy(strict_emulator: Emulator, cloud: Cloud) -> Callable[[dict[str, Any]], Clients]:
    """Return clients of a role with this policy. They try once, without the SDK's checks, which would hide AWS's."""

    def clients(policy: dict[str, Any]) -> Clients:
        role = create_role(cloud, uuid.uuid4().hex, policy)
        issued = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        session: Any = boto3.Session(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"], REGION)
        return partial(client, session)

    def client(session: Any, service: str, version: str | None = None) -> Any:
        default_version = "s3v4" if service == "s3" else None
        signing = Config(signature_version=version or default_version)
        return session.client(service, endpoint_url=strict_emulator.endpoint, config=ONCE.merge(signing))

    return clients


ONCE = Config(parameter_validation=False, retries={"mode": "standard", "total_max_attempts": 1})
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="session")
def function_clients(queue_url: str, clients_of_policy: Callable[[dict[str, Any]], Clients]) -> Clients:
    """Clients of a function whose role allows every call."""
    return clients_of_policy(ANYTHING)


def create_role(cloud: Cloud, name: str, policy: dict[str, Any]) -> str:
    """Create a role with this policy and return its ARN."""
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    return arn


def create_function(cloud: Cloud, name: str, code: str, role: str = "arn:aws:iam::000000000000:role/none") -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": content.getvalue()},
    )
