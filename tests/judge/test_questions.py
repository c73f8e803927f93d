"""Which actions on which resources, and which condition keys, a call needs."""

from collections.abc import Iterable
from typing import Any

import pytest

from stack.judge.dynamodb import EVERY_ATTRIBUTE
from stack.judge.model import Call, Question, UnknownCall, Where
from stack.judge.questions import questions

WHERE = Where("eu-west-2", "123456789012")
TABLE = "arn:aws:dynamodb:eu-west-2:123456789012:table/counts"
URL = "https://sqs.eu-west-2.amazonaws.com/123456789012/mail"
Request = dict[str, Any]
KEY: Request = {"pk": {"S": "TALLY#a"}, "sk": {"S": "HEAD"}}
OTHER: Request = {"pk": {"S": "PETITIONS"}, "sk": {"S": "a"}}
QUERY: Request = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "TALLY#a"}}}
NAMES = {"#s": "state", "#d": "day.total"}
MAIL: Request = {
    "FromEmailAddress": "Harbour <petitions@example.org>",
    "ConfigurationSetName": "set",
}


def questions_of(service: str, operation: str, **params: Any) -> list[Question]:
    return questions(Call(service, operation, params), WHERE)


def one(operation: str, **params: Any) -> Question:
    [question] = questions_of("dynamodb", operation, TableName="counts", **params)
    return question


@pytest.mark.parametrize("condition", ["pk = :pk", "pk = :pk AND sk BETWEEN :low AND :high"])
def test_a_query_has_the_partition_of_its_key_condition(condition: str) -> None:
    values = {":pk": {"S": "TALLY#a"}, ":low": {"S": "0"}, ":high": {"S": "9"}}
    found = one("Query", KeyConditionExpression=condition, ExpressionAttributeValues=values)
    assert found.context["dynamodb:LeadingKeys"] == ["TALLY#a"]


def test_a_batch_has_one_question_for_each_table_with_all_keys() -> None:
    tables = {"counts": {"Keys": [KEY, OTHER]}, "audit": {"Keys": [KEY]}}
    assert summary(questions_of("dynamodb", "BatchGetItem", RequestItems=tables)) == [
        ("dynamodb:BatchGetItem", "counts", ["PETITIONS", "TALLY#a"]),
        ("dynamodb:BatchGetItem", "audit", ["TALLY#a"]),
    ]


def summary(found: Iterable[Question]) -> list[tuple[Any, ...]]:
    """Return action, table and leading keys of each question."""
    return [(each.action, each.resource.rpartition("/")[2], each.context["dynamodb:LeadingKeys"]) for each in found]


def test_a_transaction_needs_the_action_of_each_of_its_items() -> None:
    items = [
        {"Put": {"TableName": "counts", "Item": KEY}},
        {
            "Update": {
                "TableName": "audit",
                "Key": OTHER,
                "UpdateExpression": "SET #s = :a",
                "ExpressionAttributeNames": NAMES,
            }
        },
    ]
    found = questions_of("dynamodb", "TransactWriteItems", TransactItems=items)
    assert summary(found) == [
        ("dynamodb:PutItem", "counts", ["TALLY#a"]),
        ("dynamodb:UpdateItem", "audit", ["PETITIONS"]),
    ]
    assert not [each for each in found if "dynamodb:ReturnValues" in each.context]


CHANGE = {
    "UpdateExpression": "SET #s = :a, #l.#i=:b ADD #d :n REMOVE #r",
    "ConditionExpression": "NOT (size(#n) > :n) AND #d IN (:x, :y) OR begins_with(#t, :z) AND attribute_not_exists(pk)",
    "ExpressionAttributeNames": {**NAMES, "#l": "letter", "#i": "inner", "#r": "gone", "#n": "name", "#t": "town"},
}
PAGE = {
    **QUERY,
    "FilterExpression": "attribute_not_exists(#d)",
    "ProjectionExpression": "#s",
    "ExpressionAttributeNames": NAMES,
    "ExclusiveStartKey": {**KEY, "index_key": {"S": "x"}},
}
ONE = {"ProjectionExpression": "#s", "ExpressionAttributeNames": NAMES}


@pytest.mark.parametrize(
    ("operation", "params", "attributes"),
    [
        ("UpdateItem", {"Key": KEY, **CHANGE}, "state letter day.total gone name town"),
        ("PutItem", {"Item": {**KEY, "n": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}, "n"),
        ("Query", PAGE, "state day.total index_key"),
        ("Query", {**QUERY, **ONE}, "state"),
        ("Query", {**QUERY, "Select": "COUNT"}, ""),
        ("Query", {**QUERY, "Select": "ALL_PROJECTED_ATTRIBUTES"}, EVERY_ATTRIBUTE),
        ("Query", QUERY, EVERY_ATTRIBUTE),
        ("GetItem", {"Key": KEY}, EVERY_ATTRIBUTE),
        ("GetItem", {"Key": KEY, **ONE}, "state"),
        ("UpdateItem", {"Key": KEY}, ""),
        ("UpdateItem", {"Key": KEY, "ReturnValues": "UPDATED_NEW"}, ""),
        ("UpdateItem", {"Key": KEY, "ReturnValues": "ALL_NEW"}, EVERY_ATTRIBUTE),
        ("PutItem", {"Item": KEY, "ReturnValues": "ALL_OLD"}, EVERY_ATTRIBUTE),
        ("UpdateItem", {"Key": KEY, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, EVERY_ATTRIBUTE),
        ("UpdateItem", {"Key": KEY, "ReturnValuesOnConditionCheckFailure": "NONE"}, ""),
    ],
)
def test_the_attributes_are_the_keys_and_those_that_a_request_names_or_returns(
    operation: str, params: Request, attributes: str
) -> None:
    first, *_ = questions_of("dynamodb", operation, TableName="counts", **params)
    assert set(first.context["dynamodb:Attributes"]) == {"pk", "sk", *attributes.split()}


@pytest.mark.parametrize(
    ("operation", "params", "context"),
    [
        ("Query", QUERY, {"Select": "ALL_ATTRIBUTES"}),
        ("Query", {**QUERY, **ONE}, {"Select": "SPECIFIC_ATTRIBUTES"}),
        ("Query", {**QUERY, "Select": "COUNT"}, {"Select": "COUNT"}),
        ("UpdateItem", {"Key": KEY}, {"ReturnValues": "NONE"}),
        ("UpdateItem", {"Key": KEY, "ReturnValues": "ALL_NEW"}, {"ReturnValues": "ALL_NEW"}),
    ],
)
def test_a_read_always_has_a_select_and_a_write_its_return_values(
    operation: str, params: Request, context: Request
) -> None:
    found = one(operation, **params).context
    names = ("Select", "ReturnValues")
    assert {name: found[f"dynamodb:{name}"] for name in names if f"dynamodb:{name}" in found} == context


@pytest.mark.parametrize("returned", ["NONE", "ALL_OLD"])
def test_what_a_failed_write_returns_may_also_count_as_return_values(returned: str) -> None:
    """AWS's pages do not say which condition key covers it. So both readings must allow it."""
    on_failure = {"ReturnValuesOnConditionCheckFailure": returned}
    write = {"TableName": "counts", "Key": KEY, **on_failure}
    found = questions_of("dynamodb", "UpdateItem", **write)
    assert [question.context["dynamodb:ReturnValues"] for question in found] == ["NONE", returned]
    found = questions_of("dynamodb", "TransactWriteItems", TransactItems=[{"Update": write}])
    assert [question.context.get("dynamodb:ReturnValues") for question in found] == [None, returned]


def test_a_mail_needs_its_senders_address_domain_and_set_and_a_listing_its_prefix() -> None:
    found = questions_of("sesv2", "SendEmail", **MAIL)
    needed = ["identity/petitions@example.org", "identity/example.org", "configuration-set/set"]
    assert [each.resource.rpartition(":")[2] for each in found] == needed
    for question in found:
        assert question.context == {"ses:FromAddress": "petitions@example.org"}
    [listing] = questions_of("s3", "ListObjectsV2", Bucket="b", Prefix="parts/a/")
    assert listing.context == {"s3:prefix": "parts/a/"}


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        *(("dynamodb", "Query", {"KeyConditionExpression": unclear}) for unclear in ("sk = :pk", "pk > :pk", "")),
        ("dynamodb", "Query", {**QUERY, "IndexName": "by-day"}),
        ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": "counts", "Key": KEY}}]}),
        ("dynamodb", "GetItem", {"Key": KEY, "AttributesToGet": ["a"]}),
        ("dynamodb", "UpdateItem", {"Key": KEY, "UpdateExpression": "SET #unknown = :a"}),
        ("dynamodb", "UpdateItem", {"Key": KEY, "UpdateExpression": "SET a = :a"}),
        *(("dynamodb", operation, {}) for operation in ("Scan", "DeleteItem", "BatchWriteItem", "ExecuteStatement")),
        ("sesv2", "SendEmail", {**MAIL, "TenantName": "updates"}),
        ("sesv2", "SendEmail", {**MAIL, "Content": {"Raw": {}}}),
        ("sesv2", "SendEmail", {**MAIL, "Content": {"Template": {}}}),
        *((service, "SetEverything", {}) for service in ("sqs", "sesv2", "lambda", "s3", "sts")),
    ],
)
def test_a_call_that_the_judge_does_not_know_is_not_judged(service: str, operation: str, params: Request) -> None:
    whole = {"TableName": "counts", "QueueUrl": URL, "Bucket": "b", "Key": "k", "UUID": "a", **params}
    with pytest.raises(UnknownCall):
        questions_of(service, operation, **whole)
