"""Run every test here twice: on the fake and on the emulator."""

import pytest

from chalicelib.aws.table import Tables
from tests.fakes import FakeTables


@pytest.fixture(params=["fake", pytest.param("emulator", marks=pytest.mark.flows)])
def tables(request: pytest.FixtureRequest) -> Tables:
    return FakeTables() if request.param == "fake" else request.getfixturevalue("emulator_tables")
