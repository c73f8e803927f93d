"""Run the crowd over HTTP, for `measure_in_process`: `python -m benchmarks.edge.viewers <JSON>`."""

import asyncio
import json
from typing import Any

from benchmarks.edge.client import Client
from benchmarks.edge.crowd import EveningCrowd, EveningPlan
from benchmarks.edge.record import Record
from benchmarks.worker import print_figures


def measure(plan_json: str) -> dict[str, Any]:
    """Return the crowd's figures. `plan_json`: `port`, `before` (the count so far) and the fields of EveningPlan."""
    plan = json.loads(plan_json)
    return asyncio.run(_crowd(plan.pop("port"), Record(plan.pop("before")), EveningPlan(**plan)))


async def _crowd(port: int, record: Record, plan: EveningPlan) -> dict[str, Any]:
    client, loop = Client("127.0.0.1", port), asyncio.get_running_loop()
    crowd, began = EveningCrowd(client.send, plan, record), loop.time()
    await crowd.run()
    took = loop.time() - began
    client.close()
    # A key is the kind of request and the status, such as "count 200". Status 0: no answer.
    answered = sum(number for key, number in record.statuses.items() if not key.endswith(" 0"))
    return {"seconds": round(took, 1), "answered_a_second": round(answered / took), **record.crowd_figures()}


if __name__ == "__main__":
    print_figures(measure)
