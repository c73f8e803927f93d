"""boto3 clients, built once a process and on first use, with an end to every wait.

Connect 1 s, read 2 s, two attempts: API Gateway gives up at 29 s and botocore would wait 60.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=10,
)
# On the way of a signature one attempt is enough, for the overflow queue is the second: 3 s for the table and 3 for
# the queue is the longest a supporter waits for either. No retry either against a table that asks us to slow down.
SIGNING_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=10,
)
# SES may take its time and has no idempotency token: a second attempt by the SDK could be a second mail.
MAIL_CONFIG = Config(connect_timeout=1, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1})

# No person waits for a file, and a part of one that failed is sent again.
# By default boto3 signs links for the global host: S3 redirects those of other regions, and the signature then fails.
# An endpoint that is an IP address (an emulator) keeps the bucket in the path.
FILES_CONFIG = Config(
    connect_timeout=2,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
    signature_version="s3v4",
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)


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
def s3() -> Any:
    """Untyped as `lambdas` is. Links need signature version 4: newer regions and KMS accept no other."""
    return boto3.client("s3", config=FILES_CONFIG)


@cache
def lambdas() -> Any:
    """Untyped: two calls once a minute are not worth another package of stubs."""
    return boto3.client("lambda", config=CONFIG)
