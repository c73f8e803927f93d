"""Cache the model's runs: a run takes up to a second, and several tests need the same run."""

from functools import cache

import pytest

from benchmarks.model.scenarios import run_on, steady
from stack.ready import forecast

_run_once, _load_once = cache(run_on), cache(steady)


@pytest.fixture(autouse=True)
def _one_run_for_each_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "run_on", _run_once)
    # Two loads are equal only if they are the same object.
    monkeypatch.setattr(forecast, "steady", _load_once)
