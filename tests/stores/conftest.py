"""Run every test here twice: on the fake and on the emulator."""

import pytest

from chalicelib.aws.table import Tables
from tests.fakes import FakeTables

try:
    from tests.emulated import aws_endpoint, emulated_aws, emulator_tables, localstack
except ImportError:  # Tests on the fake run without the emulator's packages.
    EMULATOR: tuple[object, ...] = ()
else:
    EMULATOR = (aws_endpoint, emulated_aws, emulator_tables, localstack)


@pytest.fixture(params=["fake", pytest.param("emulator", marks=pytest.mark.flows)])
def tables(request: pytest.FixtureRequest) -> Tables:
    return FakeTables() if request.param == "fake" else request.getfixturevalue("emulator_tables")
