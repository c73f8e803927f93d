"""A redrive moves every dead letter to its queue once, also those that fail again during the redrive."""

import uuid
from collections.abc import Sequence

import boto3
import pytest

import manage
from chalicelib.aws import clients
from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.core.errors import Unavailable
from tests.emulated import EmulatedAws


@pytest.fixture
def queues(emulated_aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The URLs of a dead-letter queue with 23 messages, and of the queue that the messages came from."""
    dead_letters_url, queue_url = new_queue(), new_queue()
    monkeypatch.setenv("FEEDBACK_DEAD_LETTER_QUEUE_URL", dead_letters_url)
    monkeypatch.setenv("FEEDBACK_QUEUE_URL", queue_url)
    messages = [Outgoing({"number": number}) for number in range(23)]
    Queue(clients.sqs(), dead_letters_url).send(messages)
    return dead_letters_url, queue_url


def new_queue() -> str:
    """Create a queue, and return its URL."""
    url: str = boto3.client("sqs").create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
    return url


def depths(queues: Sequence[str]) -> list[int]:
    return [Queue(clients.sqs(), url).depth() for url in queues]


def test_all_dead_letters_go_back_and_a_repeat_is_harmless(
    queues: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["redrive", "feedback"]) == 0
    out, err = capsys.readouterr()
    assert out == "moved 23 of 23 back from the dead letters of feedback\n"
    assert "moved 10 of 23" in err
    assert depths(queues) == [0, 23]
    assert manage.main(["redrive", "feedback"]) == 0
    assert "moved 0 of 0" in capsys.readouterr().out
    assert depths(queues) == [0, 23]


def test_the_dead_letters_of_two_queues_go_back_to_their_own(
    emulated_aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_letters, jobs, address_jobs = new_queue(), new_queue(), new_queue()
    monkeypatch.setenv("JOBS_DEAD_LETTER_QUEUE_URL", dead_letters)
    monkeypatch.setenv("JOBS_QUEUE_URL", jobs)
    monkeypatch.setenv("ADDRESS_JOBS_QUEUE_URL", address_jobs)
    kinds = (*["export", "import"] * 6, "list", "unknown")
    Queue(clients.sqs(), dead_letters).send([Outgoing({"kind": kind}) for kind in kinds])
    assert manage.main(["redrive", "jobs"]) == 0
    assert depths([dead_letters, jobs, address_jobs]) == [0, 7, 7]


def test_messages_that_fail_again_are_not_moved_twice(queues: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Source and target are the same queue, so each moved message can be received again at once."""
    monkeypatch.setenv("FEEDBACK_QUEUE_URL", queues[0])
    assert manage.main(["redrive", "feedback"]) == 0
    assert depths(queues) == [23, 0]


def test_an_interrupted_redrive_loses_nothing_and_can_continue(
    queues: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delete = Queue._delete

    def fail_to_delete(*_: object) -> None:
        raise Unavailable("queue")

    monkeypatch.setattr(Queue, "_delete", fail_to_delete)
    assert manage.main(["redrive", "feedback"]) == 3
    assert "repeating is safe" in capsys.readouterr().err
    assert depths(queues) == [23, 10], "a message that was sent but not deleted must be in both queues"
    monkeypatch.setattr(Queue, "_delete", delete)
    assert manage.main(["redrive", "feedback"]) == 0
