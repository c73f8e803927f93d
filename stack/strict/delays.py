"""Shorten the delays of messages, for tests: a job begins 20 seconds after its request."""

import os
from typing import Any

from ministack.services import sqs


def install() -> None:
    """Let no message wait longer than the number of seconds in EMULATOR_LONGEST_DELAY."""
    longest, send = int(os.environ["EMULATOR_LONGEST_DELAY"]), sqs._act_send_message

    def send_sooner(data: dict[str, Any], url: str) -> Any:
        asked = data.get("DelaySeconds")
        return send(data if asked is None else {**data, "DelaySeconds": min(int(asked), longest)}, url)

    sqs._act_send_message = send_sooner
