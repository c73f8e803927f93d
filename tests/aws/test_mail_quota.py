"""The used share of SES's quota, and what a failed call means."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.aws.email import MailQuota
from chalicelib.core.errors import Denied, Throttled, Unavailable


@pytest.fixture
def quota_and_stub() -> Iterator[tuple[MailQuota, Stubber]]:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("sesv2", region_name="eu-west-2", **keys)  # type: ignore[call-overload]
    with Stubber(client) as stub:
        yield MailQuota(client), stub
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("most", "sent", "share"),
    [(50_000, 0, 0), (50_000, 40_000, 0.8), (200, 200, 1), (-1, 1_000_000, 0), (0, 0, 0)],
)
def test_the_used_share_is_of_the_last_24_hours_and_0_without_a_limit(
    quota_and_stub: tuple[MailQuota, Stubber], most: float, sent: float, share: float
) -> None:
    quota, stub = quota_and_stub
    numbers = {"Max24HourSend": most, "MaxSendRate": 14.0, "SentLast24Hours": sent}
    stub.add_response("get_account", {"SendQuota": numbers}, {})
    assert quota.used_share() == share


def test_an_answer_without_a_quota_means_no_limit(quota_and_stub: tuple[MailQuota, Stubber]) -> None:
    quota, stub = quota_and_stub
    stub.add_response("get_account", {}, {})
    assert quota.used_share() == 0


def test_an_address_is_suppressed_if_it_is_on_the_list(quota_and_stub: tuple[MailQuota, Stubber]) -> None:
    quota, stub = quota_and_stub
    address = "bob@mail.example"
    found = {"EmailAddress": address, "Reason": "BOUNCE", "LastUpdateTime": datetime(2026, 11, 24, tzinfo=UTC)}
    stub.add_response("get_suppressed_destination", {"SuppressedDestination": found}, {"EmailAddress": address})
    stub.add_client_error("get_suppressed_destination", "NotFoundException", http_status_code=404)
    assert [quota.suppresses(address), quota.suppresses("alice@mail.example")] == [True, False]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("TooManyRequestsException", 429, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("AccessDeniedException", 403, Denied),
        ("BadRequestException", 400, Denied),
        ("RequestTimeout", 408, Unavailable),
        ("InternalFailure", 500, Unavailable),
    ],
)
def test_no_error_of_ses_stops_the_caller(
    quota_and_stub: tuple[MailQuota, Stubber], code: str, status: int, error: type[Any]
) -> None:
    quota, stub = quota_and_stub
    stub.add_client_error("get_account", code, http_status_code=status)
    with pytest.raises(Unavailable) as caught:
        quota.used_share()
    assert type(caught.value) is error
