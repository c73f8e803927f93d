"""Event sources are enabled and disabled only from a settled state."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.aws.queue import Source
from chalicelib.core.errors import Unavailable

UUID = "0" * 36


@pytest.fixture
def source_and_stub() -> Iterator[tuple[Source, Stubber]]:
    client: Any = boto3.client("lambda", region_name="eu-west-2", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield Source(client, UUID), stub
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("state", "is_open", "switches"),
    [
        ("Enabled", False, True),
        ("Disabled", True, True),
        ("Enabled", True, False),
        ("Disabled", False, False),
        ("Enabling", False, False),
        ("Disabling", True, False),
        ("Updating", True, False),
        ("Creating", False, False),
    ],
)
def test_an_event_source_changes_only_from_the_opposite_state(
    source_and_stub: tuple[Source, Stubber], state: str, is_open: bool, switches: bool
) -> None:
    source, stub = source_and_stub
    stub.add_response("get_event_source_mapping", {"State": state}, {"UUID": UUID})
    if switches:
        stub.add_response("update_event_source_mapping", {}, {"UUID": UUID, "Enabled": is_open})
    assert source.switch(is_on=is_open) is switches


@pytest.mark.parametrize("state", ["Disabled", "Disabling", "Enabled", "Updating"])
def test_an_event_source_is_off_only_when_lambda_reports_it_disabled(
    source_and_stub: tuple[Source, Stubber], state: str
) -> None:
    source, stub = source_and_stub
    stub.add_response("get_event_source_mapping", {"State": state}, {"UUID": UUID})
    assert source.is_off() is (state == "Disabled")


@pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceConflictException", "TooManyRequestsException"])
def test_an_event_source_that_is_changing_is_left_alone(source_and_stub: tuple[Source, Stubber], code: str) -> None:
    source, stub = source_and_stub
    stub.add_response("get_event_source_mapping", {"State": "Enabled"})
    stub.add_client_error("update_event_source_mapping", code)
    with pytest.raises(Unavailable):
        source.switch(is_on=False)
