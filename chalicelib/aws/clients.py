"""boto3 clients, built once per process on first use.

API Gateway gives up after 29 s, but botocore waits for 60 s by default. So we set short timeouts.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

# botocore's own user agent is composed anew for every call, which takes a tenth of the call's CPU time.
_USER_AGENT = f"petitions Boto3/{boto3.__version__}"

CONFIG = Config(
    user_agent=_USER_AGENT,
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=10,
)
ONE_ATTEMPT: Any = {"mode": "standard", "total_max_attempts": 1}
# Signing tries the table once, then the overflow queue: at most 3 s each. To save CPU time, the SDK does not check the
# types of parameters: expressions.py gives every value its type, and tests/judge/replay.py checks the calls of all
# handlers.
SIGNING_CONFIG = CONFIG.merge(Config(parameter_validation=False, retries=ONE_ATTEMPT))
# SES has no idempotency token: a retry by the SDK could send the email twice.
MAIL_CONFIG = CONFIG.merge(Config(read_timeout=10, retries=ONE_ATTEMPT))
# The SDK's longest wait before its second attempt, in seconds.
_RETRY_WAIT = 1.0

# No supporter waits for a file. Newer regions and KMS accept no other version of AWS's signature. By default boto3
# signs links for the global host, and the bucket's region, to which S3 redirects, refuses them.
# If the endpoint is an IP address (an emulator), the URL has the bucket's name in its path, not in its host.
FILES_CONFIG = Config(
    user_agent=_USER_AGENT,
    connect_timeout=2,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)


def longest_call(config: Config) -> float:
    """`config` must not allow a third attempt: the wait before it could be longer than `_RETRY_WAIT`."""
    options: Any = config  # The type stubs do not declare the attributes of a Config.
    attempts = options.retries["total_max_attempts"]
    return float(attempts * (options.connect_timeout + options.read_timeout) + (attempts - 1) * _RETRY_WAIT)


@cache
def dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=CONFIG)


@cache
def sqs() -> "SQSClient":
    return boto3.client("sqs", config=CONFIG)


@cache
def signing_dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=SIGNING_CONFIG)


@cache
def signing_sqs() -> "SQSClient":
    return boto3.client("sqs", config=SIGNING_CONFIG)


@cache
def ses() -> "SESV2Client":
    return boto3.client("sesv2", config=MAIL_CONFIG)


@cache
def ses_account() -> "SESV2Client":
    """Return the client that reads the account's quota. Unlike an email, this call may be tried again."""
    return boto3.client("sesv2", config=CONFIG)


@cache
def s3() -> Any:
    return boto3.client("s3", config=FILES_CONFIG)


@cache
def lambdas() -> Any:
    """Untyped: two calls (queue.py) do not justify another package of stubs."""
    return boto3.client("lambda", config=CONFIG)
