"""The services whose capacity `make warm` changes, in memory."""

from collections.abc import Collection
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters


class FakeAws:
    """Lambda's reservations and DynamoDB's warm throughput. After `calls_left` calls, each call is refused.

    `refused`: the operations of which each call is refused.
    """

    def __init__(self, calls_left: int = 100, refused: Collection[str] = ()) -> None:
        self.refused = refused
        self.reserved: dict[str, int] = {}
        self.warmed: dict[str, int] = {}
        self.calls_left = calls_left

    def clients(self, service: str, region: str) -> Any:
        return self

    def _count_call(self, service: str, operation: str, request: dict[str, Any]) -> None:
        """Refuse a request that botocore's model refuses, and the calls that the test wants refused."""
        model = _client(service).meta.service_model.operation_model(operation)
        validate_parameters(request, model.input_shape)
        if self.calls_left == 0 or operation in self.refused:
            raise ClientError({"Error": {"Code": "LimitExceededException", "Message": "not now"}}, operation)
        self.calls_left -= 1

    def put_function_concurrency(self, **request: Any) -> None:
        self._count_call("lambda", "PutFunctionConcurrency", request)
        self.reserved[request["FunctionName"]] = request["ReservedConcurrentExecutions"]

    def delete_function_concurrency(self, **request: Any) -> None:
        self._count_call("lambda", "DeleteFunctionConcurrency", request)
        self.reserved.pop(request["FunctionName"], None)

    def update_table(self, **request: Any) -> None:
        self._count_call("dynamodb", "UpdateTable", request)
        self.warmed[request["TableName"]] = request["WarmThroughput"]["WriteUnitsPerSecond"]


@cache
def _client(service: str) -> Any:
    session: Any = boto3.session.Session("x", "x", region_name="eu-west-2")
    return session.client(service)
