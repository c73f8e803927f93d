"""AWS errors are translated into domain errors."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from botocore.session import get_session

from chalicelib.aws import email, queue
from chalicelib.aws.failures import DENIALS, ErrorTranslator, translate_errors
from chalicelib.aws.table import storage_error
from chalicelib.core import log
from chalicelib.core.errors import (
    ConditionFailed,
    Conflicted,
    Denied,
    MailRefused,
    RateExceeded,
    SendingStopped,
    Throttled,
    Unavailable,
)


def refusal(code: str, status: int = 400) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata}, "PutItem")  # type: ignore[typeddict-item]


@pytest.mark.parametrize("error", [refusal("ValidationException"), ParamValidationError(report="x"), KeyError("x")])
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
        ("storage", EndpointConnectionError(endpoint_url="x"), 1),
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


# A bug of ours, or a deleted resource: raised unchanged.
BUG = ClientError
QUEUE_BUGS = (
    *("BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId"),
    *("InvalidAddress", "InvalidAttributeName", "InvalidMessageContents", "InvalidSecurity", "QueueDoesNotExist"),
    *("ReceiptHandleIsInvalid", "TooManyEntriesInBatchRequest", "UnsupportedOperation"),
)
KEY_ERRORS = ("AccessDenied", "Disabled", "InvalidKeyUsage", "InvalidState", "NotFound", "OptInRequired")
# The codes that SQS sends in x-amzn-query-error. botocore prefers them to the model's names.
OLDER_NAMES: dict[str, type[Exception]] = {
    **{f"KMS.{name}Exception": Denied for name in KEY_ERRORS[:-1]},
    "KMS.OptInRequired": Denied,
    "KMS.ThrottlingException": Throttled,
}
MEANINGS: dict[str, dict[str, type[Exception]]] = {
    "dynamodb": {
        "ConditionalCheckFailedException": ConditionFailed,
        "IdempotentParameterMismatchException": BUG,
        "InternalServerError": Unavailable,
        "ItemCollectionSizeLimitExceededException": BUG,
        "ProvisionedThroughputExceededException": Throttled,
        "ReplicatedWriteConflictException": Conflicted,
        "RequestLimitExceeded": Throttled,
        "ResourceNotFoundException": Unavailable,
        "ThrottlingException": Throttled,
        # As Unavailable, it would be retried for ever. Its reasons may say otherwise: tests/aws/test_table.py.
        "TransactionCanceledException": BUG,
        "TransactionConflictException": Conflicted,
        "TransactionInProgressException": Unavailable,
    },
    "sqs": {
        **dict.fromkeys(QUEUE_BUGS, BUG),
        **{f"Kms{name}": Denied for name in KEY_ERRORS},
        **OLDER_NAMES,
        "KmsThrottled": Throttled,
        "OverLimit": Throttled,
        "RequestThrottled": Throttled,
    },
    "sesv2": {
        "AccountSuspendedException": SendingStopped,
        "BadRequestException": MailRefused,
        "LimitExceededException": RateExceeded,
        "MailFromDomainNotVerifiedException": Denied,
        "MessageRejected": MailRefused,
        "NotFoundException": Denied,
        "SendingPausedException": SendingStopped,
        "TooManyRequestsException": RateExceeded,
    },
    "lambda": {
        "InvalidParameterValueException": BUG,
        "ResourceConflictException": Unavailable,
        "ResourceInUseException": Unavailable,
        "ResourceNotFoundException": BUG,
        "ServiceException": Unavailable,
        "TooManyRequestsException": Throttled,
    },
    "s3": {
        **dict.fromkeys(("EncryptionTypeMismatch", "InvalidObjectState", "InvalidRequest", "InvalidWriteOffset"), BUG),
        **dict.fromkeys(("NoSuchBucket", "NoSuchKey", "TooManyParts"), BUG),
    },
}
OPERATIONS = {
    "dynamodb": "GetItem BatchGetItem Query PutItem UpdateItem TransactWriteItems DescribeTable",
    "sqs": "SendMessageBatch ReceiveMessage DeleteMessageBatch GetQueueAttributes ChangeMessageVisibilityBatch",
    "sesv2": "SendEmail",
    "lambda": "GetEventSourceMapping UpdateEventSourceMapping",
    "s3": "PutObject GetObject CreateMultipartUpload UploadPart CompleteMultipartUpload DeleteObjects ListObjectsV2",
}
TRANSLATORS: dict[str, ErrorTranslator] = {
    "dynamodb": storage_error,
    "sesv2": email._ses_error,
    "lambda": queue._source_error,
}


def documented_errors() -> Iterator[tuple[str, str, int]]:
    """Yield service, code and HTTP status. If the model names no status: 500 or 400."""
    yield from (("sqs", code, 400) for code in OLDER_NAMES)
    for service, operations in OPERATIONS.items():
        model = get_session().get_service_model(service)
        for operation in operations.split():
            for shape in model.operation_model(operation).error_shapes:
                status = shape.metadata.get("error", {}).get("httpStatusCode")
                default = 500 if shape.name == "InternalServerError" else 400
                yield service, shape.name, status or default


@pytest.mark.parametrize(("service", "code", "status"), sorted(set(documented_errors())))
def test_every_documented_error_is_translated(service: str, code: str, status: int) -> None:
    assert meaning(service, code, status) is MEANINGS[service][code]


def test_a_refused_email_is_logged_with_its_code_and_without_the_message_of_ses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    assert meaning("sesv2", "MessageRejected", 400) is MailRefused
    [record] = caplog.records
    assert (record.message, vars(record)["facts"]) == ("mail_refused", {"code": "MessageRejected"})


def meaning(service: str, code: str, status: int) -> type[Exception]:
    with pytest.raises(Exception) as caught, translate_errors(service, TRANSLATORS.get(service)):  # noqa: PT011
        raise refusal(code, status)
    return type(caught.value)
