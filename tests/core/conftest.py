"""What a function logs."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.core import log

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Return the log lines of a function, parsed."""
    output, handlers, level = io.StringIO(), logging.root.handlers[:], logging.root.level
    monkeypatch.setattr(sys, "stdout", output)
    log.configure("DEBUG")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
