"""Let jobs begin sooner, for tests."""

import os
from typing import Any

from ministack.services import sqs

# In seconds: START_DELAY of chalicelib.jobs.model. Few other messages have exactly this delay.
FOR_JOBS = 20


def install() -> None:
    """Replace a delay of FOR_JOBS with the delay in the environment variable EMULATOR_JOB_DELAY."""
    delay, send = int(os.environ["EMULATOR_JOB_DELAY"]), sqs._act_send_message

    def send_sooner(data: dict[str, Any], url: str) -> Any:
        is_job = str(data.get("DelaySeconds")) == str(FOR_JOBS)
        return send({**data, "DelaySeconds": delay} if is_job else data, url)

    sqs._act_send_message = send_sooner
