"""Let jobs (long tasks in the background) begin sooner in tests: shorten the delay of their queue messages."""

import os
from typing import Any

from ministack.services import sqs

# In seconds: START_DELAY of chalicelib.jobs.model. Each message with this delay is treated as the message of a job,
# because few other messages have exactly this delay.
JOB_START_DELAY = 20


def install() -> None:
    """In each message, replace the delay JOB_START_DELAY by the environment variable EMULATOR_JOB_DELAY (seconds)."""
    delay = int(os.environ["EMULATOR_JOB_DELAY"])
    send = sqs._act_send_message

    def send_sooner(data: dict[str, Any], url: str) -> Any:
        is_job = str(data.get("DelaySeconds")) == str(JOB_START_DELAY)
        if is_job:
            data = {**data, "DelaySeconds": delay}
        return send(data, url)

    sqs._act_send_message = send_sooner
