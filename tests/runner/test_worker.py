"""Each of the two functions runs its own kinds of jobs, and refuses those of the other one."""

from collections.abc import Mapping
from importlib import import_module

import pytest

from chalicelib.runner.worker import ADDRESS_JOBS, JOBS
from tests.fake_site import FakeSite

BY_FUNCTION = {"run_job": JOBS, "run_address_job": ADDRESS_JOBS}
every_function = pytest.mark.parametrize(("function", "modules"), BY_FUNCTION.items())


@every_function
def test_a_message_names_a_kind_as_its_model_does(function: str, modules: Mapping[str, str]) -> None:
    for kind, module in modules.items():
        assert import_module(f"chalicelib.{module}").KIND.model.kind == kind


@every_function
def test_a_message_for_the_other_function_becomes_a_dead_letter(
    fake_site: FakeSite, function: str, modules: Mapping[str, str]
) -> None:
    for kind in ({*JOBS, *ADDRESS_JOBS} | {"unknown"}) - {*modules}:
        assert fake_site.deliver(function, [{"kind": kind, "job_id": "safe-children.x"}]) == ["0"]
    for kind in modules:  # The job does not exist, so the message is dropped.
        assert fake_site.deliver(function, [{"kind": kind, "job_id": "safe-children.x"}]) == []
