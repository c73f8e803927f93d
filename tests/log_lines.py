"""A fixture for tests of log lines."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.core import log

Lines = Callable[[], list[dict[str, Any]]]


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """Capture the lines that the application logs in the block."""
    output, handlers, level = io.StringIO(), logging.root.handlers[:], logging.root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        log.configure("DEBUG")
    yield output
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return a function that parses the lines logged so far."""
    with captured_log() as output:
        yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
