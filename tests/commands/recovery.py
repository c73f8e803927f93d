"""A fake of DynamoDB's point-in-time recovery, and helpers for the signatures that are restored."""

from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.expressions import to_wire
from chalicelib.core import keys
from tests.actors import NOW
from tests.fakes import FakeTables

AT = "2026-11-24T12:00:00Z"
COPY_NAME = "signatures-test-restored-20261124T120000Z"
LATER = NOW + timedelta(hours=2)
PEOPLE = 5


class FakeRecovery:
    """DynamoDB's calls about whole tables. A copy has the items of the moment at which the restore begins."""

    def __init__(self, tables: FakeTables) -> None:
        self.tables = tables
        self.copies: dict[str, list[dict[str, Any]]] = {}
        self.statuses = ["CREATING", "ACTIVE"]
        self.failures: list[str] = []

    def describe_table(self, TableName: str) -> Any:  # noqa: N803
        if TableName not in self.copies:
            raise client_error("ResourceNotFoundException")
        status = self.statuses[0]
        if len(self.statuses) > 1:
            del self.statuses[0]
        if status == "GONE":
            raise client_error("ResourceNotFoundException")
        return {"Table": {"TableStatus": status}}

    def restore_table_to_point_in_time(self, **request: Any) -> None:
        assert request["SourceTableName"] == "signatures-test"
        if request["TargetTableName"] in self.copies:
            raise client_error("TableAlreadyExistsException")
        items = [item for key, item in self.tables.items.items() if key.table == keys.SIGNATURES]
        self.copies[request["TargetTableName"]] = [to_wire(item) for item in items]
        if self.failures:
            raise client_error(self.failures.pop())

    def scan(self, **request: Any) -> Any:
        """Return a page of two items."""
        if self.failures:
            raise client_error(self.failures.pop())
        items = self.copies[request["TableName"]]
        start = request.get("ExclusiveStartKey", {"n": 0})["n"]
        end = start + 2
        page: dict[str, Any] = {"Items": items[start:end]}
        if end < len(items):
            page["LastEvaluatedKey"] = {"n": end}
        return page

    def delete_table(self, TableName: str) -> None:  # noqa: N803
        if self.copies.pop(TableName, None) is None:
            raise client_error("ResourceNotFoundException")


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not now"}}, "Restore")


def signatures(tables: FakeTables) -> list[dict[str, Any]]:
    return [item for key, item in tables.items.items() if key.table == keys.SIGNATURES]


def lose_signatures(tables: FakeTables) -> None:
    for key in list(tables.items):
        if key.table == keys.SIGNATURES:
            del tables.items[key]
