"""Measure the CPU time of the whole sign handler, divided by that of a bare put_item of the same item.

The sockets are stubs. This runs in a process of its own, and the handler writes its log lines as on Lambda.
"""

import os
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any
from unittest import mock

import boto3

from benchmarks import scene
from benchmarks.wire import stub_connections
from benchmarks.worker import print_figures
from chalicelib.core.keys import COUNTS
from chalicelib.petitions.model import Petition

ROUNDS, CALLS = 401, 8
WARM_UP = 200


def measure(rounds: int | str = ROUNDS) -> dict[str, Any]:
    """Return CPU times and their ratio. put_item is called by boto3's default client."""
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "AWS_ENDPOINT_URL": "http://dynamodb.test"}
    petition = scene.sample_petition()
    # The handler sleeps before it answers (signatures.sign), a bare put_item does not. After 25 ms of sleep the
    # processor's caches are cold, and the code that runs next takes three times as much CPU time. That would make the
    # ratio too high, so skip the sleep. On AWS the caches are cold for every call, also for a bare put_item.
    scene.skip_wait_after_signing()
    with stub_connections(_answers(petition)):
        times = _interleave(_acts(scene.sign_event(petition.slug, "amina.okonkwo")), int(rounds))
    # Compare blocks that ran one after the other: a slow moment of the machine slows both.
    ratios = [ours / bare for ours, bare in zip(times["handler"], times["put_item"], strict=True)]
    microseconds = {name: round(median(blocks) / CALLS * 1e6) for name, blocks in times.items()}
    return {"sign_cpu_ratio": round(median(ratios), 3), "sign_cpu_us": microseconds}


def _acts(event: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """Return what is compared: the handler, and a put_item of the same item."""
    from app import app
    from chalicelib.aws import clients

    with mock.patch.object(clients.signing_dynamodb(), "put_item", return_value={}) as put:
        answer = app(event, None)
    if answer["statusCode"] != 202:
        raise RuntimeError(f"the handler did not sign: {answer}")
    client: Any = boto3.client("dynamodb")
    return {"handler": lambda: app(event, None), "put_item": lambda: client.put_item(**put.call_args.kwargs)}


def _interleave(acts: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return for each act the CPU seconds of its blocks of CALLS calls. A round runs one block of each act."""
    for act in acts.values():
        _cpu_seconds(act, WARM_UP)
    times: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(rounds):
        for name in sorted(acts, reverse=number % 2 == 0):  # The same act is not always the first.
            times[name].append(_cpu_seconds(acts[name], CALLS))
    return times


def _cpu_seconds(act: Callable[[], object], calls: int) -> float:
    start = process_time()
    for _ in range(calls):
        act()
    return process_time() - start


def _answers(petition: Petition) -> dict[str, Any]:
    """Return DynamoDB's answers by operation. A process begins with one read of the petition and the list of slugs."""
    from chalicelib.aws.expressions import to_wire

    stored = to_wire({"pk": "PETITIONS", "sk": petition.slug, **petition.model_dump(exclude_none=True)})
    slugs = to_wire({"pk": "SLUGS", "sk": "ALL", "slugs": {petition.slug}})
    return {
        "PutItem": {},
        "GetItem": {"Item": stored},
        "BatchGetItem": {"Responses": {COUNTS: [stored, slugs]}},  # COUNTS is the table.
    }


if __name__ == "__main__":
    print_figures(measure)
