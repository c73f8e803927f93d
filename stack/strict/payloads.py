"""Refuse a request that Lambda refuses: its event, which has the body in base64, is larger than 6 MB."""

import json
from typing import Any

from ministack.services import apigateway_v1

# AWS Lambda developer guide, "Lambda quotas": the payload of a synchronous invocation.
MOST_BYTES = 6 * 1024 * 1024


class _TooLarge(Exception):
    """The event is larger than Lambda takes."""


def install() -> None:
    """Replace the emulator's functions that call Lambda for API Gateway."""
    call, proxy = apigateway_v1._call_lambda_raw, apigateway_v1._invoke_lambda_proxy_v1

    async def call_within_limit(function: Any, event: Any, **scope: Any) -> Any:
        if len(json.dumps(event)) > MOST_BYTES:
            raise _TooLarge
        return await call(function, event, **scope)

    async def proxy_or_413(*request: Any, **more: Any) -> Any:
        try:
            return await proxy(*request, **more)
        except _TooLarge:
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")

    apigateway_v1._call_lambda_raw = call_within_limit
    apigateway_v1._invoke_lambda_proxy_v1 = proxy_or_413
