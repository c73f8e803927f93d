"""AWS errors are translated into domain errors."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from chalicelib.aws.failures import DENIALS, FAULTS, THROTTLES, translate_errors
from chalicelib.core import log
from chalicelib.core.errors import Denied, Throttled, Unavailable


def refusal(code: str, status: int = 400) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata}, "PutItem")  # type: ignore[typeddict-item]


@pytest.mark.parametrize("code", sorted(THROTTLES))
def test_throttles_are_translated(code: str) -> None:
    with pytest.raises(Throttled) as caught, translate_errors("storage"):
        raise refusal(code)
    assert caught.value.service == "storage"


@pytest.mark.parametrize(
    "error",
    [
        *[refusal(code, 500) for code in sorted(FAULTS)],
        refusal("SomethingNew", 503),
        ConnectTimeoutError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
        ConnectionClosedError(endpoint_url="x"),
    ],
)
def test_timeouts_and_server_errors_are_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable) as caught, translate_errors("queue"):
        raise error
    assert type(caught.value) is Unavailable


@pytest.mark.parametrize(
    "error",
    [refusal("ValidationException"), ParamValidationError(report="x"), KeyError("x")],
)
def test_our_bugs_are_raised_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translate_errors("storage"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("code", sorted(DENIALS))
def test_a_denied_call_is_unavailable_and_counted_for_the_alarm(code: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Denied), translate_errors("storage"):
        raise refusal(code)
    [record] = caplog.records
    facts = {"service": "storage", "operation": "PutItem", "code": code}
    assert (record.message, vars(record)["facts"]) == ("access_denied", facts)
    assert vars(record)["measured"] == {"Degraded": 1}


@pytest.mark.parametrize(
    ("service", "error", "measured"),
    [
        ("storage", refusal("ThrottlingException"), 1),
        ("storage", refusal("InternalServerError", 500), 1),
        ("storage", ReadTimeoutError(endpoint_url="x"), 1),
        ("storage", refusal("AccessDeniedException"), 0),
        ("queue", refusal("ThrottlingException"), 0),
    ],
)
def test_a_table_that_throttles_or_fails_is_counted_for_an_alarm(
    service: str, error: Exception, measured: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    log.begin("")
    with pytest.raises(Unavailable), translate_errors(service):
        raise error
    log.event("answered")
    assert vars(caplog.records[-1])["measured"].get("TableFailed", 0) == measured
