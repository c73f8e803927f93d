"""Measure the CPU time of the whole sign handler, divided by that of a bare put_item of the same item.

The sockets are stubs. This runs in a process of its own, and the handler writes its log lines as on Lambda.
"""

import os
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import boto3

from benchmarks import scene
from benchmarks.wire import stub_connections
from benchmarks.worker import print_figures
from chalicelib.core.keys import COUNTS
from chalicelib.petitions.model import Petition

ROUNDS, CALLS = 401, 8
WARM_UP = 200

Act = Callable[[], object]


def measure(rounds: int | str = ROUNDS) -> dict[str, Any]:
    """Return CPU times and their ratio. put_item is called by boto3's default client."""
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "AWS_ENDPOINT_URL": "http://dynamodb.test"}
    petition = scene.sample_petition()
    with stub_connections(_answers(petition)):
        return _compare(petition.slug, int(rounds))


def _compare(slug: str, rounds: int) -> dict[str, Any]:
    from app import app

    # The handler sleeps before it answers (signatures.sign), a bare put_item does not. After 25 ms of sleep the
    # processor's caches are cold, and the code that runs next takes three times as much CPU time. That would make the
    # ratio too high, so skip the sleep. On AWS the caches are cold for every call, also for a bare put_item.
    scene.skip_wait_after_signing()
    event = scene.sign_event(slug, "amina.okonkwo")
    put = _capture_put_item(lambda: app(event, None))
    default_client = boto3.client("dynamodb")
    times = _interleave(
        {
            "handler": lambda: app(event, None),
            "put_item": lambda: default_client.put_item(**put),
        },
        rounds,
    )
    return _ratios(times)


def _ratios(times: dict[str, list[float]]) -> dict[str, Any]:
    return {
        "sign_cpu_ratio": _median_ratio(times["handler"], times["put_item"]),
        "sign_cpu_us": {name: _microseconds(blocks) for name, blocks in times.items()},
    }


def _median_ratio(handler: list[float], put_item: list[float]) -> float:
    """Compare blocks that ran one after the other: a slow moment of the machine slows both."""
    ratios = [ours / bare for ours, bare in zip(handler, put_item, strict=True)]
    return round(median(ratios), 3)


def _microseconds(times: list[float]) -> int:
    return round(median(times) / CALLS * 1e6)


def _interleave(acts: dict[str, Act], rounds: int) -> dict[str, list[float]]:
    """Return for each act the CPU seconds of its blocks of CALLS calls. A round runs one block of each act."""
    for act in acts.values():
        _cpu_seconds(act, WARM_UP)
    times: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(rounds):
        order = list(acts.items())
        if number % 2 == 0:
            order.reverse()  # Alternate the order, so that the same act is not always the first.
        for name, act in order:
            times[name].append(_cpu_seconds(act, CALLS))
    return times


def _cpu_seconds(act: Act, calls: int) -> float:
    start = process_time()
    for _ in range(calls):
        act()
    return process_time() - start


def _capture_put_item(sign: Callable[[], Any]) -> dict[str, Any]:
    """Return the parameters of the handler's put_item, so that the bare call writes the same item."""
    from chalicelib.aws import clients

    parameters: list[dict[str, Any]] = []

    def keep(params: dict[str, Any], **_: Any) -> None:
        parameters.append(params)

    events = clients.signing_dynamodb().meta.events
    name = "provide-client-params.dynamodb.PutItem"
    events.register(name, keep, unique_id="benchmarks")
    answer = sign()
    events.unregister(name, unique_id="benchmarks")
    if answer["statusCode"] != 202 or len(parameters) != 1:
        raise RuntimeError(f"the handler did not sign: {answer}")
    return parameters[0]


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
