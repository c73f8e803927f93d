"""Clients with responses that a test adds, by botocore's stubber."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.stub import Stubber


def a_client(service: str, config: Config | None = None, region: str = "eu-west-2", **more: Any) -> Any:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client(service, region, config=config, **keys, **more)  # type: ignore[call-overload]


class Stub(Stubber):
    client: Any


@contextmanager
def stubbed(service: str, config: Config | None = None) -> Iterator[Stub]:
    """Every added response must be used."""
    with Stub(a_client(service, config)) as stub:
        yield stub
        stub.assert_no_pending_responses()
