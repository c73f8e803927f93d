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
DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})


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
        log.degraded("access_denied", service=service, operation=error.operation_name, code=code)
        return Denied(service)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Unavailable(service) if code in FAULTS or status >= 500 else None
