"""Make, read and delete a copy of a table as it was at an earlier moment, by DynamoDB's point-in-time recovery.

AWS restores only into a new table: the copy, which has no stream, no TTL and no recovery of its own. Nothing in it
expires. It is encrypted like the live table, the one that the site uses.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from random import uniform
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.aws import clients
from chalicelib.aws.expressions import from_wire
from chalicelib.aws.failures import translate_errors
from chalicelib.aws.table import Item
from chalicelib.core.errors import Conflicted, Denied, PetitionsError, Unavailable, UnknownThing
from chalicelib.core.settings import required, table_variable
from commands.common import InputError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError  # noqa: TID251
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ScanOutputTypeDef

# A restore takes minutes or hours, whatever the size of the table: ask for twelve hours.
POLL_SECONDS, POLLS = 10, 12 * 360
COPY_INFIX = "-restored-"
# One BatchGetItem reads the items with the same keys from the live table.
PAGE = 100
# The longest random pauses, in seconds: together three minutes, in which AWS's throttles end by themselves.
PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, *[20] * 16)

T = TypeVar("T")


def with_retries(call: Callable[[], T]) -> T:
    """Repeat the call, which must be idempotent, while AWS is unavailable. Raise Unavailable after the last pause.

    Raise Denied at once: waiting does not help.
    """
    for pause in PAUSES:
        try:
            return call()
        except Denied:
            raise
        except Unavailable:
            time.sleep(uniform(0, pause))
    return call()


class Copy:
    """The copy of `table` as it was at one moment. Its name contains the moment: a repeated command finds it again."""

    def __init__(self, client: "DynamoDBClient", table: str, moment: datetime) -> None:
        self._client = client
        self._table = table
        self.moment = moment
        self.name = f"{table}{COPY_INFIX}{moment:%Y%m%dT%H%M%SZ}"

    def status(self) -> str | None:
        """Return the copy's status, in AWS's word. None: there is no copy."""
        with suppress(UnknownThing), translate_errors("storage", _refusal):
            return self._client.describe_table(TableName=self.name)["Table"]["TableStatus"]
        return None

    def begin(self) -> None:
        """Start the restore that makes the copy. Idempotent. AWS refuses a moment that it does not keep."""
        with suppress(Conflicted), translate_errors("storage", _refusal):
            self._client.restore_table_to_point_in_time(
                SourceTableName=self._table, TargetTableName=self.name, RestoreDateTime=self.moment
            )

    def wait(self, tell: Callable[[str], None]) -> None:
        """Wait until the copy is ready. `tell`: called with a line about the progress, again and again.

        Raise InputError if AWS cancelled the restore, or after twelve hours.
        """
        has_existed = False  # At first, AWS may not show the new table yet.
        for poll in range(POLLS):
            status = with_retries(self.status)
            if status == "ACTIVE":
                return
            if has_existed and status is None:
                raise InputError(f"AWS cancelled the restore: {self.name} is gone. CloudTrail says why; then repeat")
            has_existed = has_existed or status is not None
            minutes = poll * POLL_SECONDS // 60
            tell(f"AWS restores into {self.name}: {minutes} min, {status or 'asked for'}")
            time.sleep(POLL_SECONDS)
        raise InputError(f"{self.name} is still being restored; repeat the command to continue")

    def pages(self) -> Iterator[Sequence[Item]]:
        request: dict[str, Any] = {"TableName": self.name, "Limit": PAGE}
        while True:
            answer = with_retries(lambda: self._page(request))
            yield [from_wire(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _page(self, request: dict[str, Any]) -> "ScanOutputTypeDef":
        with translate_errors("storage"):
            return self._client.scan(**request)

    def delete(self) -> bool:
        """Return False if there is no copy."""
        with suppress(UnknownThing), translate_errors("storage", _refusal):
            self._client.delete_table(TableName=self.name)
            return True
        return False


def copy_of(table: str, at: datetime) -> Copy:
    """Return the copy of the table as it was at this time. Perhaps AWS has not made it yet."""
    return Copy(clients.dynamodb(), required(table_variable(table)), at)


def _refusal(error: "ClientError") -> PetitionsError | None:
    code = error.response["Error"]["Code"]
    if code in ("TableAlreadyExistsException", "TableInUseException"):
        # Perhaps the client repeated the call after a lost answer: the copy is being made, so `begin` ignores this.
        return Conflicted("storage")
    if code == "ResourceNotFoundException":
        return UnknownThing("There is no such table.")
    return None
