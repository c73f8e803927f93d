"""Translate AWS errors into domain errors. Errors that show a bug are not translated."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError as BotoConnectionError, HTTPClientError

from chalicelib.core import log
from chalicelib.core.errors import Denied, PetitionsError, Throttled, Unavailable
from chalicelib.core.metrics import Metric

# All errors of AWS and its SDK, for commands that print them.
AWS_ERRORS = (BotoCoreError, ClientError)

TABLES = "storage"
"""The name of DynamoDB in the errors."""

THROTTLES = frozenset(
    {
        "KMS.ThrottlingException",
        "KmsThrottled",
        "OverLimit",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "ThrottlingException",
        "Throttling",
        "ThrottlingError",
        "TooManyRequestsException",
    }
)
FAULTS = frozenset(
    {"InternalServerError", "InternalFailure", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException"}
)
# SQS has two names for each KMS error: one in its model, and one of its older protocol (x-amzn-query-error).
_KMS_ERRORS = ("AccessDenied", "Disabled", "InvalidKeyUsage", "InvalidState", "NotFound")
# Callers treat a denial as an outage. Otherwise a missing permission would lose signatures, or answer 503.
DENIALS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "KmsOptInRequired", "KMS.OptInRequired"),
        *(f"Kms{name}" for name in _KMS_ERRORS),
        *(f"KMS.{name}Exception" for name in _KMS_ERRORS),
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"),
    }
)


ErrorTranslator = Callable[[ClientError], PetitionsError | None]


@contextmanager
def translate_errors(service: str, own_translator: ErrorTranslator | None = None) -> Iterator[None]:
    """Raise Throttled or Unavailable for temporary errors, Denied for the codes in DENIALS; re-raise all others.

    `own_translator` comes first. It returns the domain error for an error that only this service has, or None.
    """
    try:
        yield
    except (BotoConnectionError, HTTPClientError) as error:
        raise counted(Unavailable(service)) from error
    except ClientError as error:
        own_translation = own_translator(error) if own_translator else None
        translation = own_translation or _translation(error, service)
        if translation is None:
            raise
        raise counted(translation) from error


def counted(error: PetitionsError) -> PetitionsError:
    """Count a table's throttle or failure for an alarm: here, after AWS's SDK has tried again."""
    if isinstance(error, Unavailable) and error.service == TABLES and not isinstance(error, Denied):
        log.measure(Metric.TABLE_FAILED)
    return error


@contextmanager
def refusals_as(error_class: type[PetitionsError]) -> Iterator[None]:
    """For what `translate_errors` does not translate: a repeated call would fail again."""
    try:
        yield
    except ClientError as error:
        raise error_class from error


def _translation(error: ClientError, service: str) -> Unavailable | None:
    """Return None for an error that shows a bug."""
    code = code_of(error)
    if code in THROTTLES:
        return Throttled(service)
    if code in DENIALS:
        return report_denial(error, service)
    is_fault = code in FAULTS or status_of(error) >= 500
    return Unavailable(service) if is_fault else None


def code_of(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def status_of(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def is_refusal(error: ClientError) -> bool:
    """Return whether AWS refused with a 4xx, and not because of a throttle or a temporary fault."""
    is_temporary = code_of(error) in THROTTLES | FAULTS
    return 400 <= status_of(error) < 500 and not is_temporary


def report_denial(error: ClientError, service: str) -> Denied:
    """Log the error, which sets off an alarm. If the caller has an alternative, only this alarm shows the denial."""
    log.degraded("access_denied", service=service, operation=error.operation_name, code=code_of(error))
    return Denied(service)
