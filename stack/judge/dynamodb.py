"""The IAM questions of a call of DynamoDB: may the role do this action on this table, with these condition keys?

The condition keys: LeadingKeys (values of the partition key), Attributes, Select and ReturnValues, among others.

Source: "Using IAM policy conditions for fine-grained access control" (DynamoDB Developer Guide), and the actions and
condition keys of DynamoDB (Service Authorization Reference).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.judge.expressions import attributes_named, partition_values
from stack.judge.model import Question, UnknownCall, Where

Request = Mapping[str, Any]

# A request that returns whole items returns attributes that it does not name. EVERY_ATTRIBUTE stands for these
# attributes in dynamodb:Attributes, because AWS counts "the attribute names in a request, or the attributes that are
# returned from a request". Only a condition that allows every name also allows EVERY_ATTRIBUTE.
EVERY_ATTRIBUTE = "*"
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_WHOLE_ITEM_RETURNS = frozenset({"ALL_OLD", "ALL_NEW"})
_TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
# Old parameters, from before expressions. Our code does not use them, so the judge refuses them as unknown.
_LEGACY_PARAMETERS = {
    *("AttributesToGet", "AttributeUpdates", "ConditionalOperator", "Expected"),
    *("KeyConditions", "QueryFilter", "ScanFilter"),
}


def questions(operation: str, params: Request, where: Where) -> list[Question]:
    if operation == "DescribeTable":
        return [Question("dynamodb:DescribeTable", _table(params, where), {})]
    if operation in (_READS | _WRITES) - {"BatchGetItem"}:
        return list(_interpretations(_question(operation, params, where, call=params), params))
    if operation in ("BatchGetItem", "BatchWriteItem"):
        requests = [
            {"TableName": table, **_as_one_request(operation, part)} for table, part in params["RequestItems"].items()
        ]
        # ReturnConsumedCapacity is in the whole call, not in a part.
        return [_question(operation, request, where, call=params) for request in requests]
    if operation in ("TransactWriteItems", "TransactGetItems"):
        return list(_transaction(operation, params, where))
    raise UnknownCall(f"dynamodb: the judge does not know {operation}")


def _as_one_request(operation: str, part: Any) -> dict[str, Any]:
    """Return a batch's part for one table as one request, with its keys and items in "_Keys", a name of our own."""
    if operation == "BatchGetItem":
        return {**part, "_Keys": part["Keys"]}
    puts = [each["PutRequest"]["Item"] for each in part if "PutRequest" in each]
    deletes = [each["DeleteRequest"]["Key"] for each in part if "DeleteRequest" in each]
    return {"_Keys": [*puts, *deletes]}


def _transaction(operation: str, params: Request, where: Where) -> Iterator[Question]:
    for item in params["TransactItems"]:
        for kind, request in item.items():
            action = _TRANSACTION_ACTIONS[kind]
            question = _question(action, request, where, call=params)
            context = dict(question.context)
            # The items of a transaction have no ReturnValues, so remove the default that `_question` sets for a write.
            # If a condition requires a value of ReturnValues, AWS refuses the transaction.
            context.pop("dynamodb:ReturnValues", None)
            context["dynamodb:EnclosingOperation"] = operation
            yield from _interpretations(Question(question.action, question.resource, context), request)


def _interpretations(question: Question, request: Request) -> Iterator[Question]:
    """Yield the question. If the request says what a failed write returns, yield it again with that as ReturnValues.

    AWS's pages do not say whether dynamodb:ReturnValues also covers ReturnValuesOnConditionCheckFailure. "Using IAM
    with DynamoDB transactions", example 4, suggests it. So a call must be allowed under both interpretations.
    """
    yield question
    if "ReturnValuesOnConditionCheckFailure" in request:
        returned = request["ReturnValuesOnConditionCheckFailure"]
        context = {**question.context, "dynamodb:ReturnValues": returned}
        yield Question(question.action, question.resource, context)


def _question(action: str, request: Request, where: Where, *, call: Request) -> Question:
    """`call`: the whole call, of which `request` may be a part: one table of a batch or one item of a transaction."""
    legacy = sorted(_LEGACY_PARAMETERS.intersection(request))
    if legacy:
        raise UnknownCall(f"dynamodb: the judge does not know {', '.join(legacy)}")
    context: dict[str, str | list[str]] = {
        "dynamodb:Attributes": sorted(_attributes(action, request, where)),
        "dynamodb:ReturnConsumedCapacity": call.get("ReturnConsumedCapacity", "NONE"),
    }
    if action != "Scan":  # A scan names no partition key.
        context["dynamodb:LeadingKeys"] = sorted(_leading_keys(action, request, where))
    if action in _READS:
        context["dynamodb:Select"] = _select(request)
    if action in _WRITES:
        context["dynamodb:ReturnValues"] = request.get("ReturnValues", "NONE")
    return Question(f"dynamodb:{action}", _table(request, where), context)


def _table(request: Request, where: Where) -> str:
    name = str(request["TableName"])
    if "IndexName" in request:
        raise UnknownCall("dynamodb: the judge does not know the keys of indexes")
    is_arn = name.startswith("arn:")
    return name if is_arn else where.arn("dynamodb", f"table/{name}")


def _leading_keys(action: str, request: Request, where: Where) -> set[str]:
    """All our tables have the same partition key."""
    partition_key = where.table_keys[0]
    if action == "Query":
        typed_values = partition_values(request, partition_key)
    else:
        # A key without the partition key is an error, which AWS itself finds.
        typed_values = [key[partition_key] for key in _keys(request) if partition_key in key]
    return {_without_type(typed_value) for typed_value in typed_values}


def _without_type(value: Mapping[str, Any]) -> str:
    """Return the text of a value: PETITIONS for {"S": "PETITIONS"}."""
    [text] = value.values()
    return str(text)


def _keys(request: Request) -> list[Request]:
    """Return the keys in the request, and its whole items, which contain keys."""
    single = [request[name] for name in ("Key", "Item") if name in request]
    return [*single, *request.get("_Keys", ())]


def _attributes(action: str, request: Request, where: Where) -> set[str]:
    """Return the attributes that count for dynamodb:Attributes: those that the request names, and always the keys.

    If the request returns whole items, EVERY_ATTRIBUTE is among them.
    """
    named = {*where.table_keys, *_local_index_key(request), *attributes_named(request)}
    start_key = request.get("ExclusiveStartKey") or {}
    for key in (*_keys(request), start_key):
        named.update(key)
    if _returns_whole_items(action, request):
        named.add(EVERY_ATTRIBUTE)
    return named


def _local_index_key(request: Request) -> set[str]:
    """Return the sort key of the local index, which only the signatures table has (stack/template/tables.py).

    AWS's pages leave open whether a policy must name this key for a request that does not use the index. So the judge
    requires it for every request on the table.
    """
    return {"never_set"} if "signatures" in str(request["TableName"]).lower() else set()


def _returns_whole_items(action: str, request: Request) -> bool:
    if action in _READS:
        return _select(request) not in ("SPECIFIC_ATTRIBUTES", "COUNT")
    returned = {request.get(name) for name in ("ReturnValues", "ReturnValuesOnConditionCheckFailure")}
    return bool(_WHOLE_ITEM_RETURNS & returned)


def _select(request: Request) -> str:
    """Without a Select, AWS's default depends on whether there is a projection."""
    default = "SPECIFIC_ATTRIBUTES" if request.get("ProjectionExpression") else "ALL_ATTRIBUTES"
    return str(request.get("Select", default))
