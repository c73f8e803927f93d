"""What a call needs that no policy of a function shows: tests/judge/test_scenes.py proves the rest."""

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


def test_a_batch_has_one_question_for_each_table_with_all_keys() -> None:
    tables = {"counts": {"Keys": [KEY, OTHER]}, "audit": {"Keys": [KEY]}}
    found = questions_of("dynamodb", "BatchGetItem", RequestItems=tables)
    asked = [(each.resource.rpartition("/")[2], each.context["dynamodb:LeadingKeys"]) for each in found]
    assert asked == [("counts", ["PETITIONS", "TALLY#a"]), ("audit", ["TALLY#a"])]


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


@pytest.mark.parametrize("returned", ["NONE", "ALL_OLD"])
def test_what_a_failed_write_returns_may_also_count_as_return_values(returned: str) -> None:
    """AWS's pages do not say which condition key covers it. So both readings must allow it."""
    on_failure = {"ReturnValuesOnConditionCheckFailure": returned}
    write = {"TableName": "counts", "Key": KEY, **on_failure}
    found = questions_of("dynamodb", "UpdateItem", **write)
    assert [question.context["dynamodb:ReturnValues"] for question in found] == ["NONE", returned]
    found = questions_of("dynamodb", "TransactWriteItems", TransactItems=[{"Update": write}])
    assert [question.context.get("dynamodb:ReturnValues") for question in found] == [None, returned]


def test_a_mail_needs_its_senders_address_domain_and_set() -> None:
    found = questions_of("sesv2", "SendEmail", **MAIL)
    needed = ["identity/petitions@example.org", "identity/example.org", "configuration-set/set"]
    assert [each.resource.rpartition(":")[2] for each in found] == needed


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
