"""The stubbed socket: botocore accepts its answers, also several on one connection."""

import boto3
import pytest

from benchmarks.wire import stub_connections


@pytest.mark.parametrize("calls", [1, 3])
def test_the_stub_answers_by_operation(calls: int) -> None:
    stored = {"pk": {"S": "p"}}
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    with stub_connections({"GetItem": {"Item": stored}, "PutItem": {}}):
        client = session.client("dynamodb", endpoint_url="http://dynamodb.test")
        for _ in range(calls):
            assert client.get_item(TableName="t", Key=stored)["Item"] == stored
            assert "Item" not in client.put_item(TableName="t", Item=stored)
        client.close()
