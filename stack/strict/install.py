"""Replace parts of the emulator with our stricter parts, before the emulator starts to serve requests."""

import os

from ministack import app

from stack.strict import callers, delays, environments, payloads, pictures, saving, streams, threads
from stack.strict.faults import GateFaults
from stack.strict.gate import Gate
from stack.strict.judge import GateJudge


def install() -> None:
    """Install all parts. Install `saving` last, because it must wrap the gate."""
    callers.install()
    streams.install()
    pictures.install()
    payloads.install()
    environments.install()
    threads.install()
    delays.install()
    judge = GateJudge(os.environ["MINISTACK_REGION"])
    app.app = Gate(app.app, judge, GateFaults())
    saving.install()
