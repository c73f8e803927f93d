"""Inject faults that AWS has and the emulator does not: throttles, conflicts, partial batches, internal errors.

Each fault has a rate: the share of the calls that get it. A fault comes instead of the call, or as an error after the
emulator has carried out the call, or the emulator carries out only a part of the call (`Part`).
"""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from botocore.exceptions import ConnectionClosedError

from stack.judge.answers import Refused
from stack.judge.model import Call

Params = Mapping[str, Any]
Entry = TypeVar("Entry")
Rates = Mapping[str, float]
# SES v2 API reference (SendEmail, Errors), with SES's own texts.
TOO_FAST, DAY_SPENT = "TooManyRequestsException", "LimitExceededException"
_ONGOING = "Transaction is ongoing for the item"
_SINGLE_ITEM_WRITES = {"PutItem", "UpdateItem"}
_ITEM_OPERATIONS = {*_SINGLE_ITEM_WRITES, "TransactWriteItems", "GetItem", "Query", "BatchGetItem"}
_SEND = {"SendMessageBatch"}


@dataclass(frozen=True)
class Part:
    """`params`: the parameters that replace the call's own. `added`: fields to add to the answer."""

    params: Params
    added: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A fault of some operations of a service. `error` makes the exception for a call.

    `is_late`: the exception comes when the call has been carried out. `part`: what the emulator carries out, instead of
    an error; it returns None for a call that has no part.
    """

    service: str
    operations: set[str]
    error: Callable[[Call], Exception] | None = None
    is_late: bool = False
    part: Callable[[Mapping[str, Any]], Part | None] | None = None


def _refused(code: str, message: str, status: int = 400) -> Callable[[Call], Exception]:
    return lambda _: Refused(code, message, status)


def _cancelled_transaction(call: Call) -> Refused:
    reasons: list[dict[str, str]] = [{"Code": "None"} for _ in call.params["TransactItems"]]
    reasons[random.randrange(len(reasons))] = {"Code": "TransactionConflict", "Message": _ONGOING}
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Refused("TransactionCanceledException", message, CancellationReasons=reasons)


def some_entries(params: Params) -> Part:
    """Let some or all entries of an SQS batch call fail; the answer lists them in Failed."""
    done, failed = _split(params["Entries"], fewest=0)
    why = {"SenderFault": False, "Code": "InternalError", "Message": "Try again."}
    return Part({"Entries": done}, {"Failed": [{"Id": entry["Id"], **why} for entry in failed]})


def some_keys(params: Params) -> Part | None:
    """Let BatchGetItem leave some keys unread. Return None if there is only one key, or if there are several tables.

    Read at least one key: if AWS cannot read any key, its answer is a throttling error, not a partial answer.
    """
    tables = params["RequestItems"]
    if len(tables) > 1:
        return None
    [(table, request)] = tables.items()
    if len(request["Keys"]) < 2:
        return None
    done, rest = _split(request["Keys"], fewest=1)
    return Part(
        {"RequestItems": {table: {**request, "Keys": done}}},
        {"UnprocessedKeys": {table: {**request, "Keys": rest}}},
    )


def short_page(params: Params) -> Part | None:
    """End the page of a Query or Scan after one item, as AWS may end a page early. None if Limit is 1 already."""
    return None if params.get("Limit") == 1 else Part({"Limit": 1})


def _split(entries: Sequence[Entry], fewest: int) -> tuple[list[Entry], list[Entry]]:
    """Split the entries at random. Return those to handle, at least `fewest`, and those to leave out, at least one."""
    shuffled = random.sample(list(entries), len(entries))
    number = random.randint(fewest, len(entries) - 1)
    return shuffled[:number], shuffled[number:]


_THROTTLED = _refused(
    "ProvisionedThroughputExceededException", "The level of configured provisioned throughput was exceeded."
)
_IN_PROGRESS = _refused("TransactionInProgressException", "The transaction with this token is already in progress.")
_CONFLICT = _refused("TransactionConflictException", _ONGOING)
_KEY_THROTTLED = _refused("KmsThrottled", "KMS throttles the request.")
_QUEUE_THROTTLED = _refused("RequestThrottled", "Request is throttled.")
_TOO_FAST = _refused("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
_BEING_UPDATED = _refused("ResourceInUseException", "The event source mapping is being updated.")
_MAPPINGS = {"GetEventSourceMapping", "UpdateEventSourceMapping"}
_UPLOADS = {"PutObject", "UploadPart", "CreateMultipartUpload"}

FAULTS: Mapping[str, Fault] = {
    "table-throttled": Fault("dynamodb", _ITEM_OPERATIONS, _THROTTLED),
    "table-cut": Fault("dynamodb", _ITEM_OPERATIONS, lambda _: ConnectionClosedError(endpoint_url="the table")),
    "table-error": Fault("dynamodb", _ITEM_OPERATIONS, _refused("InternalServerError", "Error", 500), is_late=True),
    "table-partial": Fault("dynamodb", {"BatchGetItem"}, part=some_keys),
    "short-page": Fault("dynamodb", {"Query"}, part=short_page),
    "item-conflict": Fault("dynamodb", _SINGLE_ITEM_WRITES, _CONFLICT),
    "transaction-conflict": Fault("dynamodb", {"TransactWriteItems"}, _cancelled_transaction),
    "transaction-in-progress": Fault("dynamodb", {"TransactWriteItems"}, _IN_PROGRESS),
    "queue-throttled": Fault("sqs", _SEND, _QUEUE_THROTTLED),
    "queue-key-throttled": Fault("sqs", _SEND, _KEY_THROTTLED),
    "queue-error": Fault("sqs", _SEND, _refused("InternalFailure", "Failure", 500), is_late=True),
    "queue-partial": Fault("sqs", _SEND, part=some_entries),
    "mail-throttled": Fault("sesv2", {"SendEmail"}, _TOO_FAST),
    "function-throttled": Fault("lambda", _MAPPINGS, _refused("TooManyRequestsException", "Rate", 429)),
    "source-changing": Fault("lambda", {"UpdateEventSourceMapping"}, _BEING_UPDATED),
    "bucket-slow": Fault("s3", _UPLOADS, _refused("SlowDown", "Please reduce your rate.", 503)),
}


class MailLimits:
    """`rate`: emails in a second. `quota`: emails that may still be sent today; None: no limit. Threads may share it.

    `sent`: how many emails were let through. `refused`: how many were refused, by the error's code.
    """

    def __init__(self, rate: float, quota: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.quota = rate, quota
        self.sent = 0
        self.refused: Counter[str] = Counter()
        self._clock, self._lock = clock, Lock()
        self._sent_in_last_second: deque[float] = deque()

    def check(self) -> None:
        """Count an email that is sent now. Raise Refused if SES refuses it."""
        with self._lock:
            now = self._clock()
            while self._sent_in_last_second and self._sent_in_last_second[0] <= now - 1:
                self._sent_in_last_second.popleft()
            if self.quota is not None and self.quota <= 0:
                raise self._refusal(DAY_SPENT, "Daily message quota exceeded.", 400)
            if len(self._sent_in_last_second) >= self.rate:
                raise self._refusal(TOO_FAST, "Maximum sending rate exceeded.", 429)
            self._sent_in_last_second.append(now)
            self.sent += 1
            if self.quota is not None:
                self.quota -= 1

    def _refusal(self, code: str, message: str, status: int) -> Refused:
        self.refused[code] += 1
        return Refused(code, message, status)


class Faults:
    """The rates of the faults, now and later. Threads may share it.

    `met`: how many calls got each fault. `mail`: the limits of SES; None for none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.met: Counter[str] = Counter()
        self.mail: MailLimits | None = None
        self._clock, self._lock = clock, Lock()
        # By table ("" for all calls): from which moment on the rates hold, oldest first.
        self._plans: dict[str, tuple[tuple[float, Rates], ...]] = {}

    def set(self, rates: Any) -> None:
        """Replace all rates, also those that `at` has planned. Raise ValueError as `at` does."""
        plan = ((self._clock(), _checked(rates)),)
        with self._lock:
            self._plans = {"": plan}

    def at(self, seconds: float, rates: Any, table: str = "") -> None:
        """Let these rates hold from so many seconds from now on, for the calls about one table, or for all calls.

        So {"table-cut": 1} and later {} are an outage. Raise ValueError for an unknown fault or a rate that is not from
        0 to 1.
        """
        entry = (self._clock() + seconds, _checked(rates))
        with self._lock:
            plan = (*self._plans.get(table, ()), entry)
            self._plans = {**self._plans, table: tuple(sorted(plan, key=lambda each: each[0]))}

    def rates(self, table: str = "") -> Rates:
        now = self._clock()
        begun = [rates for moment, rates in self._plans.get(table, ()) if moment <= now]
        return begun[-1] if begun else {}

    def part_of(self, call: Call) -> Part | None:
        for name, fault in self._chosen(call):
            part = fault.part(call.params) if fault.part else None
            if part:
                self._count(name)
                return part
        return None

    def error(self, call: Call) -> tuple[Exception, bool] | None:
        """Choose at random whether this attempt of a call gets an error, and return it with whether it comes late."""
        for name, fault in self._chosen(call):
            if fault.error:
                self._count(name)
                return fault.error(call), fault.is_late
        return None

    def _chosen(self, call: Call) -> Iterator[tuple[str, Fault]]:
        for table in ("", *_tables(call)):
            for name, rate in self.rates(table).items():
                fault = FAULTS[name]
                is_possible = call.service == fault.service and call.operation in fault.operations
                if is_possible and random.random() < rate:
                    yield name, fault

    def _count(self, name: str) -> None:
        with self._lock:
            self.met[name] += 1


def _tables(call: Call) -> set[str]:
    requests = [request for item in call.params.get("TransactItems", ()) for request in item.values()]
    names = {request["TableName"] for request in (call.params, *requests) if "TableName" in request}
    return names | set(call.params.get("RequestItems", ()))


def _checked(rates: Any) -> Rates:
    checked = {str(name): float(rate) for name, rate in dict(rates).items()}
    invalid = [name for name, rate in checked.items() if name not in FAULTS or not 0 <= rate <= 1]
    if invalid:
        raise ValueError(f"unknown fault or rate not from 0 to 1: {', '.join(invalid)}; known: {', '.join(FAULTS)}")
    return checked
