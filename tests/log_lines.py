"""A fixture for tests of log lines."""

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
    """Return a function that parses the lines logged so far."""
    output = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    monkeypatch.setattr(sys, "stdout", output)
    log.configure("DEBUG")

    def lines_so_far() -> list[dict[str, Any]]:
        return [json.loads(line) for line in output.getvalue().splitlines()]

    yield lines_so_far
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
