"""Every suite here runs twice: against the fake, and against the emulator."""

import pytest

from chalicelib.aws.table import Tables
from tests.fakes import FakeTables

try:
    from tests.emulated import aws_endpoint, emulated_aws, emulator_tables, localstack
except ImportError:  # The fake's half needs no emulator and nothing that comes with it.
    EMULATOR: tuple[object, ...] = ()
else:
    EMULATOR = (aws_endpoint, emulated_aws, emulator_tables, localstack)


@pytest.fixture(params=["fake", pytest.param("emulator", marks=pytest.mark.flows)])
def tables(request: pytest.FixtureRequest) -> Tables:
    return FakeTables() if request.param == "fake" else request.getfixturevalue("emulator_tables")
