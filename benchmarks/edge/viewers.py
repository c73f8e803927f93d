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
    fields = json.loads(plan_json)
    port = fields.pop("port")
    record = Record(before=fields.pop("before"))
    return asyncio.run(_crowd(port, record, EveningPlan(**fields)))


async def _crowd(port: int, record: Record, plan: EveningPlan) -> dict[str, Any]:
    client = Client("127.0.0.1", port)
    crowd = EveningCrowd(client.send, plan, record)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await crowd.run()
    took = loop.time() - began
    client.close()
    answered = 0
    for kind_and_status, number in record.statuses.items():
        has_answer = not kind_and_status.endswith(" 0")  # such as "count 200"; status 0 means no answer
        if has_answer:
            answered += number
    return {"seconds": round(took, 1), "answered_a_second": round(answered / took), **record.crowd_figures()}


if __name__ == "__main__":
    print_figures(measure)
