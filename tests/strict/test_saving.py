"""An emulator that keeps its state loses only the last seconds when it is killed, and nothing when it is stopped."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from stack.aws import Cloud
from stack.emulator import Emulator, start, stop

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("strict")]

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]
ITEM = {"pk": {"S": "alice"}, "name": {"S": "Alice"}}


def create_table_with_alice(running: Emulator) -> None:
    dynamodb = Cloud(running.endpoint).client("dynamodb")
    dynamodb.create_table(
        TableName="kept",
        KeySchema=KEYS,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    dynamodb.put_item(TableName="kept", Item=ITEM)


def stream_records(running: Emulator) -> list[Any]:
    cloud = Cloud(running.endpoint)
    arn = cloud.client("dynamodb").describe_table(TableName="kept")["Table"]["LatestStreamArn"]
    streams = cloud.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**where)["ShardIterator"]
    found: list[Any] = streams.get_records(ShardIterator=iterator)["Records"]
    return found


def kill(running: Emulator) -> None:
    os.killpg(running.process.pid, signal.SIGKILL)
    running.process.communicate()


@pytest.mark.parametrize("end", [kill, stop])
def test_items_messages_and_unread_streams_survive_a_kill_and_a_stop(tmp_path: Path, end: Any) -> None:
    running = start(state=tmp_path)
    create_table_with_alice(running)
    sqs = Cloud(running.endpoint).client("sqs")
    url = sqs.create_queue(QueueName="kept")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="email Alice")
    assert sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"]
    if end is kill:
        time.sleep(5)
    end(running)
    running = start(running.port, state=tmp_path)
    try:
        cloud = Cloud(running.endpoint)
        assert cloud.client("dynamodb").get_item(TableName="kept", Key={"pk": ITEM["pk"]})["Item"] == ITEM
        assert [record["dynamodb"]["NewImage"] for record in stream_records(running)] == [ITEM]
        assert cloud.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "email Alice"
    finally:
        stop(running)


def test_the_files_of_a_kept_state_are_private(tmp_path: Path) -> None:
    running = start(state=tmp_path)
    create_table_with_alice(running)
    stop(running)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_the_next_start_removes_the_files_of_a_killed_emulator(tmp_path: Path) -> None:
    alive, killed = start(), start()
    kill(killed)
    another = start()
    try:
        assert not killed.home.exists()
        assert alive.home.exists(), "it is running"
    finally:
        stop(alive)
        stop(another)
        shutil.rmtree(killed.home, ignore_errors=True)
