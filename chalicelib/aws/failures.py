"""AWS's refusals in our words: throttled, unavailable, or a bug that must be seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError as BotoConnectionError, HTTPClientError

from chalicelib.core import log
from chalicelib.core.errors import Denied, PetitionsError, Throttled, Unavailable

# Whatever AWS or its SDK may refuse with, for whoever talks to a person rather than to a program.
REFUSALS = (BotoCoreError, ClientError)

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
FAULTS = frozenset({"InternalServerError", "InternalFailure", "ServiceUnavailable", "RequestTimeout"})
# A missing permission must not lose a signature or answer 503 where another way exists (queue, stale value).
# SQS names a key's errors twice: as its model does, and as its older protocol does (x-amzn-query-error).
_KEY_ERRORS = ("AccessDenied", "Disabled", "InvalidKeyUsage", "InvalidState", "NotFound")
DENIALS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "KmsOptInRequired", "KMS.OptInRequired"),
        *(f"Kms{name}" for name in _KEY_ERRORS),
        *(f"KMS.{name}Exception" for name in _KEY_ERRORS),
        # The credentials themselves.
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"),
    }
)


Refusal = Callable[[ClientError], PetitionsError | None]


@contextmanager
def translated(service: str, refusal: Refusal | None = None) -> Iterator[None]:
    """Raise Throttled or Unavailable for what time can heal, Denied for a missing permission; nothing else changes.

    `refusal` knows what this service may say besides, and goes first.
    """
    try:
        yield
    except (BotoConnectionError, HTTPClientError) as error:
        raise Unavailable(service) from error
    except ClientError as error:
        translation = (refusal and refusal(error)) or _translation(error, service)
        if translation is None:
            raise
        raise translation from error


def _translation(error: ClientError, service: str) -> Unavailable | None:
    code = error.response["Error"]["Code"]
    if code in THROTTLES:
        return Throttled(service)
    if code in DENIALS:
        return denied(error, service)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Unavailable(service) if code in FAULTS or status >= 500 else None


def denied(error: ClientError, service: str) -> Denied:
    """Log it for the alarm: callers have other ways to continue, so that nobody else would notice."""
    log.degraded("access_denied", service=service, operation=error.operation_name, code=error.response["Error"]["Code"])
    return Denied(service)
