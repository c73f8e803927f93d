"""DynamoDB's recovery of whole tables, as a fake, and the signatures that are restored."""

from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.expressions import to_wire
from chalicelib.core import keys
from tests.actors import DAY, MINUTE, NOW
from tests.fakes import FakeTables

AT = "2026-11-24T12:00:00Z"
COPY = "signatures-test-restored-20261124T120000Z"
LATER = NOW + timedelta(hours=2)
PEOPLE = 5


class FakeRecovery:
    """The calls of DynamoDB that are about whole tables. The copy holds what `items` hold when it is begun."""

    def __init__(self, tables: FakeTables) -> None:
        self.tables = tables
        self.copies: dict[str, list[dict[str, Any]]] = {}
        self.looks = ["CREATING", "ACTIVE"]
        self.is_on = True
        self.failures: list[str] = []

    def describe_continuous_backups(self, **_: Any) -> Any:
        status = {"PointInTimeRecoveryStatus": "ENABLED" if self.is_on else "DISABLED"}
        span = {"EarliestRestorableDateTime": NOW - DAY, "LatestRestorableDateTime": NOW + MINUTE}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {**status, **span}}}

    def describe_table(self, TableName: str) -> Any:  # noqa: N803
        if TableName not in self.copies:
            raise refusal("ResourceNotFoundException")
        status = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if status == "GONE":
            raise refusal("ResourceNotFoundException")
        return {"Table": {"TableStatus": status}}

    def restore_table_to_point_in_time(self, **request: Any) -> None:
        assert request["SourceTableName"] == "signatures-test"
        if request["TargetTableName"] in self.copies:
            raise refusal("TableAlreadyExistsException")
        there = [item for key, item in self.tables.items.items() if key.table == keys.SIGNATURES]
        self.copies[request["TargetTableName"]] = [to_wire(item) for item in there]
        if self.failures:
            raise refusal(self.failures.pop())

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_tables"
        return self

    def paginate(self) -> list[dict[str, list[str]]]:
        """One table a page."""
        return [{"TableNames": [name]} for name in ("signatures-test", "other-restored-x", *self.copies)]

    def scan(self, **request: Any) -> Any:
        """Two items a page."""
        if self.failures:
            raise refusal(self.failures.pop())
        items, first = self.copies[request["TableName"]], int(request.get("ExclusiveStartKey", {"n": 0})["n"])
        more = {"LastEvaluatedKey": {"n": first + 2}} if first + 2 < len(items) else {}
        return {"Items": items[first : first + 2], **more}

    def delete_table(self, TableName: str) -> None:  # noqa: N803
        if self.copies.pop(TableName, None) is None:
            raise refusal("ResourceNotFoundException")


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not now"}}, "Restore")


def signatures(tables: FakeTables) -> list[dict[str, Any]]:
    return [item for key, item in tables.items.items() if key.table == keys.SIGNATURES]


def lose_signatures(tables: FakeTables) -> None:
    for key in [key for key in tables.items if key.table == keys.SIGNATURES]:
        del tables.items[key]
