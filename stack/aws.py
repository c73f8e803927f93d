"""AWS clients for deploying. Errors of AWS become a Failure, which is printed as one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stack.console import Failure
from stack.paths import REGION

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5)


@dataclass(frozen=True)
class Cloud:
    """Where to deploy. `endpoint`: the emulator's URL; None means AWS itself."""

    endpoint: str | None = None
    region: str | None = None
    """None means the region that the environment sets, or REGION on an emulator."""
    config: Config = _CONFIG
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def is_emulated(self) -> bool:
        return self.endpoint is not None

    def client(self, service: Any) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session().client(
                service, region_name=self.region, endpoint_url=self.endpoint, config=self.config
            )
        return self._clients[service]

    def _session(self) -> boto3.session.Session:
        if not self.is_emulated:
            return boto3.session.Session()
        # boto3 needs credentials. The emulator refuses no caller with these ones.
        return boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


def endpoint_in_environment() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL") or None


@contextmanager
def one_line_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"AWS: {error}") from error
