"""DynamoDB with responses that a test adds, by botocore's stubber."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.stub import Stubber

from chalicelib.aws.table import Tables
from chalicelib.core.keys import COUNTS, SIGNATURES, Key

KEY, OTHER = Key(COUNTS, "p", "s"), Key(SIGNATURES, "q", "t")
WIRE = {"pk": {"S": "p"}, "sk": {"S": "s"}, "mails": {"N": "3"}}
ITEM = {"pk": "p", "sk": "s", "mails": 3}


class StubbedDynamodb:
    def __init__(self) -> None:
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.client = boto3.client("dynamodb", region_name="eu-west-2", config=config, **keys)  # type: ignore[call-overload]
        self.tables = Tables(self.client, {COUNTS: "counts-test", SIGNATURES: "signatures-test"})
        self.stub = Stubber(self.client)

    def add_error(self, operation: str, code: str, status: int = 400, **modeled: Any) -> None:
        self.stub.add_client_error(operation, code, http_status_code=status, modeled_fields=modeled)
