"""Refuse a request to the site with 413 if its event is larger than 6 MB, the limit of Lambda.

API Gateway passes a request to Lambda as an event: JSON, with a binary body in base64, which makes the body larger.
"""

import json
from typing import Any

from ministack.services import apigateway_v1

# AWS Lambda developer guide, "Lambda quotas": the payload of a synchronous invocation.
MAX_BYTES = 6 * 1024 * 1024


class _TooLarge(Exception):
    """The event is larger than MAX_BYTES."""


def install() -> None:
    """Wrap the two emulator functions that call Lambda for API Gateway: the inner raises, the outer answers 413."""
    call, proxy = apigateway_v1._call_lambda_raw, apigateway_v1._invoke_lambda_proxy_v1

    async def call_within_limit(function: Any, event: Any, **scope: Any) -> Any:
        if len(json.dumps(event)) > MAX_BYTES:
            raise _TooLarge
        return await call(function, event, **scope)

    async def proxy_or_413(*request: Any, **more: Any) -> Any:
        try:
            return await proxy(*request, **more)
        except _TooLarge:
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")

    apigateway_v1._call_lambda_raw = call_within_limit
    apigateway_v1._invoke_lambda_proxy_v1 = proxy_or_413
