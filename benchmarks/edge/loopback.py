"""Measure the deployed stack with a crowd over loopback: signers alone, with viewers behind the CDN, and without a CDN.

Emulator, CDN, crowd and this process share the cores, so the rates say nothing about AWS. The CDN has a process of its
own. This process takes the place of API Gateway, and records the requests that come from the CDN.
"""

import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from benchmarks.edge.record import Record
from benchmarks.edge.recording_gateway import RecordingGateway
from benchmarks.worker import measure_in_process
from stack import front
from stack.attach import Deployed, deploy_to_emulator
from stack.background import serve
from stack.edge import local
from stack.emulator import emulator
from stack.manage import load_petitions
from stack.sockets import LOOPBACK, free_port, is_taken

SLUG = "support-trafficked-children"
# Views a second, and seconds of each run. Without the CDN most views get no answer, so that run is shorter.
RATE, ALONE_SECONDS, WITH_CDN_SECONDS, WITHOUT_CDN_SECONDS = 100_000 / 60, 20.0, 60.0, 20.0
# A short run before the measured runs. Its requests start the Lambda functions, which takes seconds here.
WARM_UP_RATE, WARM_UP_SECONDS = 2.0, 10.0


def measure(rate: float = RATE, length: float = 1.0) -> dict[str, Any]:
    """Return the figures of three runs. `rate`: views a second. `length`: multiplies each run's seconds."""
    record = Record()
    with _stack(record) as (stack, edge_port, front_port):
        warm_ups = [
            _run(stack, port, rate=WARM_UP_RATE, seconds=WARM_UP_SECONDS, counted=0) for port in (edge_port, front_port)
        ]
        counted = sum(run["confirmed"] for run in warm_ups)
        alone = _run(stack, edge_port, rate=0, seconds=ALONE_SECONDS * length, counted=counted)
        counted += alone["confirmed"]
        record.origin_requests.clear()  # Forget the earlier runs.
        cached = _run(stack, edge_port, rate=rate, seconds=WITH_CDN_SECONDS * length, counted=counted)
        origin = record.origin_figures(cached["seconds"])
        counted += cached["confirmed"]
        direct = _run(stack, front_port, rate=rate, seconds=WITHOUT_CDN_SECONDS * length, counted=counted)
    return {
        "views_a_second": round(rate),
        "signing_alone": alone,
        "with_cdn": {**cached, **origin},
        "without_cdn": direct,
    }


def _run(stack: Deployed, port: int, rate: float, seconds: float, counted: int) -> dict[str, Any]:
    """Let a crowd send its requests to `port`. `rate`: views a second. `counted`: the confirmations of earlier runs."""
    keys = stack.secrets()
    plan = {
        "port": port,
        "before": counted,
        "slug": SLUG,
        "views": round(rate * seconds),
        "seconds": seconds,
        "secret": json.loads(keys["SIGNATURE_KEYS"])["v1"],
        "token_keys": json.loads(keys["TOKEN_KEYS"]),
    }
    return measure_in_process("benchmarks.edge.viewers", json.dumps(plan))


@contextmanager
def _stack(record: Record) -> Iterator[tuple[Deployed, int, int]]:
    """Run a stack with its CDN, and beside the CDN a front (stack/front.py), which has no cache.

    Yield the stack, the port of the CDN and the port of the front.
    """
    api_port, edge_port, front_port = free_port(), free_port(), free_port()
    with emulator() as running:
        stack = deploy_to_emulator(running.endpoint, f"http://{LOOPBACK}:{edge_port}", parameters=local.PARAMETERS)
        load_petitions(stack)
        direct = front.application(running.endpoint, stack.api, stack.origin_key())
        api = front.forwarding_application(RecordingGateway(stack.gateway, record))
        with serve(api, api_port), serve(direct, front_port), _cdn(stack, api_port, edge_port):
            yield stack, edge_port, front_port


@contextmanager
def _cdn(stack: Deployed, api_port: int, port: int) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_serve_cdn, args=(stack, api_port, port), daemon=True)
    process.start()
    try:
        while not is_taken(port):
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.join()


def _serve_cdn(stack: Deployed, api_port: int, port: int) -> None:
    edge, _ = local.applications(stack, api_port)
    web.run_app(edge, host=LOOPBACK, port=port, print=None, access_log=None)
