"""Tests of one group run in one process, so that an emulator or a deployment is started once."""

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs everything")
@pytest.mark.xdist_group("groups")
def test_the_scheduler_finds_a_tests_group_in_its_id(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@groups")
