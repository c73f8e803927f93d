"""The IAM questions of a call of DynamoDB: may the role do this action on this table, with these condition keys?

The condition keys: LeadingKeys (values of the partition key), Attributes, Select and ReturnValues. No policy may have
another.

Source: "Using IAM policy conditions for fine-grained access control" (DynamoDB Developer Guide), and the actions and
condition keys of DynamoDB (Service Authorization Reference).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stack.judge.model import Question, UnknownCall, Where

Request = Mapping[str, Any]
KEYS = frozenset({"pk", "sk"})
"""The key attributes of all our tables."""

# A word that is not the name of a function, and not a later part of a path such as #a.#b.
_WORD = re.compile(r"(?<![.\w#:])[#:]?[A-Za-z_]\w*\b(?!\s*\()")
_KEYWORDS = frozenset({"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"})
_OF_PARTITION = re.compile(r"pk = (:\w+)( AND sk .+)?")

# A request that returns whole items returns attributes that it does not name. EVERY_ATTRIBUTE stands for these
# attributes in dynamodb:Attributes, because AWS counts "the attribute names in a request, or the attributes that are
# returned from a request". Only a condition that allows every name also allows EVERY_ATTRIBUTE.
EVERY_ATTRIBUTE = "*"
_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
_WRITES = frozenset({"PutItem", "UpdateItem"})
_WHOLE_ITEM_RETURNS = frozenset({"ALL_OLD", "ALL_NEW"})
_ACTIONS_IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem"}
_KNOWN_PARAMETERS = {
    *("TableName", "Key", "Keys", "Item", "Limit", "ConsistentRead", "ScanIndexForward", "ExclusiveStartKey", "Select"),
    *("KeyConditionExpression", "FilterExpression", "ProjectionExpression", "ConditionExpression", "UpdateExpression"),
    *("ExpressionAttributeNames", "ExpressionAttributeValues"),
    *("ReturnValues", "ReturnValuesOnConditionCheckFailure"),
}


def questions(operation: str, params: Request, where: Where) -> list[Question]:
    if operation == "DescribeTable":
        return [Question("dynamodb:DescribeTable", _table(params, where), {})]
    if operation == "BatchGetItem":
        tables = params["RequestItems"].items()
        return [_question(operation, {"TableName": table, **part}, where) for table, part in tables]
    if operation == "TransactWriteItems":
        return list(_transaction(params, where))
    if operation in _READS | _WRITES:
        return list(_interpretations(_question(operation, params, where), params))
    raise UnknownCall(f"dynamodb: the judge does not know {operation}")


def _transaction(params: Request, where: Where) -> Iterator[Question]:
    for item in params["TransactItems"]:
        for kind, request in item.items():
            if kind not in _ACTIONS_IN_TRANSACTION:
                raise UnknownCall(f"dynamodb: the judge does not know {kind}")
            question = _question(_ACTIONS_IN_TRANSACTION[kind], request, where)
            # The items of a transaction have no ReturnValues, so remove the default that `_question` sets for a write.
            # If a condition requires a value of ReturnValues, AWS refuses the transaction.
            context = {name: value for name, value in question.context.items() if name != "dynamodb:ReturnValues"}
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


def _question(action: str, request: Request, where: Where) -> Question:
    """`request`: a call, or the part of a call for one table of a batch or one item of a transaction."""
    unknown = request.keys() - _KNOWN_PARAMETERS
    if unknown:
        raise UnknownCall(f"dynamodb: the judge does not know {', '.join(unknown)}")
    keys = [*request.get("Keys", ()), *(request[name] for name in ("Key", "Item") if name in request)]
    # A key without the partition key is an error, which AWS itself finds.
    partitions = [_partition_value(request)] if action == "Query" else [key["pk"] for key in keys if "pk" in key]
    named = {*KEYS, *_local_index_key(request), *attributes_named(request)}
    named.update(*keys, request.get("ExclusiveStartKey", {}))
    if _returns_whole_items(action, request):
        named.add(EVERY_ATTRIBUTE)
    context: dict[str, str | list[str]] = {
        "dynamodb:LeadingKeys": sorted({str(text) for value in partitions for text in value.values()}),
        "dynamodb:Attributes": sorted(named),
    }
    if action in _READS:
        context["dynamodb:Select"] = _select(request)
    else:
        context["dynamodb:ReturnValues"] = request.get("ReturnValues", "NONE")
    return Question(f"dynamodb:{action}", _table(request, where), context)


def _table(request: Request, where: Where) -> str:
    return where.arn("dynamodb", f"table/{request['TableName']}")


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


# The expressions that our code writes (chalicelib/aws/expressions.py): names as placeholders.


def expressions(request: Request) -> dict[str, str]:
    return {name: text for name, text in request.items() if name.endswith("Expression")}


def attributes_named(request: Request) -> set[str]:
    """Return the attributes in all expressions of a request. Raise UnknownCall for a name without a placeholder."""
    names = {**{key: key for key in KEYS}, **request.get("ExpressionAttributeNames", {})}
    words = {word for text in expressions(request).values() for word in _WORD.findall(text)} - _KEYWORDS
    unknown = {word for word in words if word not in names and not word.startswith(":")}
    if unknown:
        raise UnknownCall(f"dynamodb: the judge does not know {unknown} in {expressions(request)}")
    return {names[word] for word in words if word in names}


def _partition_value(query: Request) -> Any:
    """Return the value of the partition key in a query. Raise UnknownCall if the query has no single one."""
    found = _OF_PARTITION.fullmatch(query.get("KeyConditionExpression", ""))
    if not found:
        raise UnknownCall(f"dynamodb: the judge does not know the partition of {query}")
    return query["ExpressionAttributeValues"][found[1]]
