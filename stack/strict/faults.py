"""Inject faults that AWS has and the emulator does not: throttles, conflicts, partial batches, internal errors.

Each fault has a rate: the share of the calls that get the fault. There are three kinds of faults. The first kind is an
error instead of the call: the emulator does not carry out the call. The second kind is an error after the emulator has
carried out the call: the caller cannot know that the call was carried out. With the third kind, the emulator carries
out only a part of the call.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.judge.model import Call
from stack.strict import partial
from stack.strict.errors import error
from stack.strict.http import HttpResponse
from stack.strict.partial import Params, PartialAnswer

Perform = Callable[[Params | None], Awaitable[HttpResponse]]
"""Let the emulator carry out the call with these parameters; None stands for the parameters of the call itself."""
_ONGOING = "Transaction is ongoing for the item"
_SINGLE_ITEM_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
_ITEM_OPERATIONS = {
    *_SINGLE_ITEM_WRITES,
    "GetItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "TransactWriteItems",
    "TransactGetItems",
}
_MESSAGE_OPERATIONS = {"SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch"}


@dataclass(frozen=True)
class OldFault:
    """A fault of some operations of a service. Exactly one of `before`, `after` and `change` is set.

    `before` returns an error, and the call is not carried out. `after` returns an error when the call has been carried
    out. `change` returns a partial answer, or None for a call that has no partial answer.
    """

    service: str
    operations: set[str]
    before: Callable[[Call], HttpResponse] | None = None
    after: Callable[[Call], HttpResponse] | None = None
    change: Callable[[Call], PartialAnswer | None] | None = None

    async def answer(self, call: Call, perform: Perform) -> HttpResponse | None:
        """Return the faulty answer to a call. Return None, and do nothing, if the call has no partial answer."""
        if self.before:
            return self.before(call)
        if self.after:
            await perform(None)  # With the call's own parameters.
            return self.after(call)
        partial_answer = self.change(call) if self.change else None
        if partial_answer is None:
            return None
        return await partial_answer.carry_out(perform)


def _error(code: str, message: str, status: int = 400) -> Callable[[Call], HttpResponse]:
    """Return a function that builds this error for a call."""
    return lambda call: error(call.service, code, message, status)


def _cancelled_transaction(call: Call) -> HttpResponse:
    """Return the error of a transaction in which one item, chosen at random, has a conflict."""
    reasons: list[dict[str, str]] = [{"Code": "None"} for _ in call.params["TransactItems"]]
    reasons[random.randrange(len(reasons))] = {"Code": "TransactionConflict", "Message": _ONGOING}
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return error(call.service, "TransactionCanceledException", message, CancellationReasons=reasons)


FAULTS: Mapping[str, OldFault] = {
    "table-throttled": OldFault(
        "dynamodb",
        _ITEM_OPERATIONS,
        before=_error(
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
    ),
    "transaction-conflict": OldFault(
        "dynamodb", {"TransactWriteItems", "TransactGetItems"}, before=_cancelled_transaction
    ),
    "item-conflict": OldFault("dynamodb", _SINGLE_ITEM_WRITES, before=_error("TransactionConflictException", _ONGOING)),
    "transaction-in-progress": OldFault(
        "dynamodb",
        {"TransactWriteItems"},
        before=_error(
            "TransactionInProgressException", "The transaction with the given request token is already in progress."
        ),
    ),
    "table-error": OldFault(
        "dynamodb", _ITEM_OPERATIONS, after=_error("InternalServerError", "Internal server error", 500)
    ),
    "table-partial": OldFault("dynamodb", {"BatchGetItem"}, change=lambda call: partial.some_keys(call.params)),
    "short-page": OldFault("dynamodb", {"Query", "Scan"}, change=lambda call: partial.short_page(call.params)),
    "queue-throttled": OldFault("sqs", _MESSAGE_OPERATIONS, before=_error("RequestThrottled", "Request is throttled.")),
    "queue-key-throttled": OldFault(
        "sqs", _MESSAGE_OPERATIONS, before=_error("KmsThrottled", "KMS throttles the request.")
    ),
    "queue-error": OldFault("sqs", _MESSAGE_OPERATIONS, after=_error("InternalFailure", "Internal failure", 500)),
    "queue-partial": OldFault(
        "sqs", {"SendMessageBatch", "DeleteMessageBatch"}, change=lambda call: partial.some_entries(call.params)
    ),
    "mail-throttled": OldFault(
        "sesv2", {"SendEmail"}, before=_error("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
    ),
    "function-throttled": OldFault(
        "lambda",
        {"GetEventSourceMapping", "UpdateEventSourceMapping"},
        before=_error("TooManyRequestsException", "Rate", 429),
    ),
    "source-changing": OldFault(
        "lambda",
        {"UpdateEventSourceMapping"},
        before=_error("ResourceInUseException", "The event source mapping is being updated."),
    ),
    "bucket-slow": OldFault(
        "s3",
        {"PutObject", "UploadPart", "CreateMultipartUpload"},
        before=_error("SlowDown", "Please reduce your rate.", 503),
    ),
}


@dataclass
class GateFaults:
    """`rates`: the share of the calls that get a fault, by the fault's name. `counts`: how many calls got the fault."""

    rates: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def set(self, rates: Any) -> None:
        """Replace all rates. Raise ValueError for an unknown fault or a rate that is not from 0 to 1."""
        if not isinstance(rates, dict):
            raise ValueError('the rates must be an object, such as {"table-throttled": 0.1}')
        invalid = []
        for name, rate in rates.items():
            is_valid = name in FAULTS and _is_share(rate)
            if not is_valid:
                invalid.append(name)
        if invalid:
            raise ValueError(f"unknown fault or rate not from 0 to 1: {', '.join(invalid)}; known: {', '.join(FAULTS)}")
        self.rates = dict(rates)

    async def answer(self, call: Call, perform: Perform) -> HttpResponse | None:
        """Choose at random whether this call gets one of the faults. Return the faulty answer; None for no fault."""
        for name, rate in self.rates.items():
            fault = FAULTS[name]
            is_possible = call.service == fault.service and call.operation in fault.operations
            is_chosen = is_possible and random.random() < rate
            if not is_chosen:
                continue
            answer = await fault.answer(call, perform)
            if answer:  # None: this call has no partial answer, and was not carried out.
                self.counts[name] += 1
                return answer
        return None


def _is_share(rate: Any) -> bool:
    return isinstance(rate, int | float) and 0 <= rate <= 1
