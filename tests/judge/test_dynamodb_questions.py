"""Which condition keys a request to DynamoDB yields."""

from typing import Any

import pytest

from stack.judge.dynamodb import EVERY_ATTRIBUTE
from stack.judge.model import Call, Question, UnknownCall, Where
from stack.judge.questions import questions

WHERE = Where("eu-west-2", "123456789012")
TABLE = "arn:aws:dynamodb:eu-west-2:123456789012:table/counts"
KEY = {"pk": {"S": "TALLY#a"}, "sk": {"S": "HEAD"}}
NAMES = {"#s": "state", "#d": "day.total"}
QUERY = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "TALLY#a"}}}


def questions_of(operation: str, **params: Any) -> list[Question]:
    return questions(Call("dynamodb", operation, params), WHERE)


def one_question(operation: str, **params: Any) -> Question:
    [question] = questions_of(operation, TableName="counts", **params)
    return question


def attributes(operation: str, **params: Any) -> set[str]:
    first, *_ = questions_of(operation, TableName="counts", **params)
    return set(first.context["dynamodb:Attributes"])


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
def test_a_keyed_request_has_the_partition_key_as_its_leading_key(operation: str) -> None:
    question = one_question(operation, Key=KEY)
    assert (question.action, question.resource) == (f"dynamodb:{operation}", TABLE)
    assert question.context["dynamodb:LeadingKeys"] == ["TALLY#a"]


def test_a_put_has_the_key_and_the_attributes_of_its_item() -> None:
    found = one_question("PutItem", Item={**KEY, "total": {"N": "1"}}, ConditionExpression="attribute_not_exists(pk)")
    assert found.context["dynamodb:LeadingKeys"] == ["TALLY#a"]
    assert found.context["dynamodb:Attributes"] == ["pk", "sk", "total"]


@pytest.mark.parametrize(
    "condition",
    [
        "pk = :pk",
        "(#p = :pk AND sk BETWEEN :low AND :high)",
        "sk = :low and #p=:pk",
        "#p = :pk AND begins_with(sk, :low)",
    ],
)
def test_a_query_has_the_partition_of_its_key_condition(condition: str) -> None:
    values = {":pk": {"S": "TALLY#a"}, ":low": {"S": "0"}, ":high": {"S": "9"}}
    question = one_question(
        "Query",
        KeyConditionExpression=condition,
        ExpressionAttributeNames={"#p": "pk"},
        ExpressionAttributeValues=values,
    )
    assert question.context["dynamodb:LeadingKeys"] == ["TALLY#a"]


@pytest.mark.parametrize("condition", ["sk = :pk", "pk = :pk AND pk = :pk", "pk > :pk", ""])
def test_a_query_without_exactly_one_partition_is_not_judged(condition: str) -> None:
    with pytest.raises(UnknownCall):
        one_question("Query", **{**QUERY, "KeyConditionExpression": condition})


def test_a_batch_read_raises_one_question_for_each_table_with_all_leading_keys() -> None:
    other = {"pk": {"S": "PETITIONS"}, "sk": {"S": "a"}}
    found = questions_of("BatchGetItem", RequestItems={"counts": {"Keys": [KEY, other]}, "audit": {"Keys": [KEY]}})
    assert [(each.action, each.resource.rpartition("/")[2]) for each in found] == [
        ("dynamodb:BatchGetItem", "counts"),
        ("dynamodb:BatchGetItem", "audit"),
    ]
    assert found[0].context["dynamodb:LeadingKeys"] == ["PETITIONS", "TALLY#a"]
    assert found[1].context["dynamodb:LeadingKeys"] == ["TALLY#a"]


def test_a_batch_write_has_the_keys_of_puts_and_of_deletes() -> None:
    put = {"PutRequest": {"Item": {"pk": {"S": "A"}, "sk": {"S": "1"}, "name": {"S": "x"}}}}
    [found] = questions_of("BatchWriteItem", RequestItems={"counts": [put, {"DeleteRequest": {"Key": KEY}}]})
    assert found.action == "dynamodb:BatchWriteItem"
    assert found.context["dynamodb:LeadingKeys"] == ["A", "TALLY#a"]
    assert found.context["dynamodb:Attributes"] == ["name", "pk", "sk"]


def test_a_transaction_needs_the_action_of_each_of_its_items() -> None:
    condition = {"ConditionExpression": "attribute_exists(pk)"}
    items = [
        {"Put": {"TableName": "counts", "Item": KEY}},
        {"Update": {"TableName": "counts", "Key": {**KEY, "pk": {"S": "B"}}, "UpdateExpression": "SET a = :a"}},
        {"Delete": {"TableName": "audit", "Key": KEY}},
        {"ConditionCheck": {"TableName": "counts", "Key": KEY, **condition}},
    ]
    found = questions_of("TransactWriteItems", TransactItems=items)
    assert [each.action.partition(":")[2] for each in found] == [
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "ConditionCheckItem",
    ]
    assert [each.context["dynamodb:LeadingKeys"] for each in found] == [["TALLY#a"], ["B"], ["TALLY#a"], ["TALLY#a"]]
    assert found[2].resource.endswith("table/audit")
    assert {each.context["dynamodb:EnclosingOperation"] for each in found} == {"TransactWriteItems"}
    assert not [each for each in found if "dynamodb:ReturnValues" in each.context]


def test_a_scan_has_no_leading_key() -> None:
    assert "dynamodb:LeadingKeys" not in one_question("Scan").context


def test_the_attributes_of_every_expression_are_found() -> None:
    request = {
        "Key": KEY,
        "UpdateExpression": "SET #s = if_not_exists(#s, :a), b.c[0].d = :b "
        "ADD mails :one REMOVE gone, list[1] DELETE tags :t",
        "ConditionExpression": "NOT (size(name) > :n) AND #d IN (:x, :y) OR begins_with(town, :z) and a1 <> :q",
        "ExpressionAttributeNames": NAMES,
    }
    assert attributes("UpdateItem", **request) == {
        *("pk", "sk", "state", "b", "mails", "gone", "list", "tags", "name", "day.total", "town", "a1"),
    }


def test_the_attributes_of_a_filter_a_projection_and_a_start_key_are_found() -> None:
    request = {
        **QUERY,
        "FilterExpression": "attribute_not_exists(seen)",
        "ProjectionExpression": "#s, mail.sent, tags[0]",
        "ExpressionAttributeNames": NAMES,
        "ExclusiveStartKey": {**KEY, "index_key": {"S": "x"}},
    }
    assert attributes("Query", **request) == {"pk", "sk", "seen", "state", "mail", "tags", "index_key"}


def test_a_query_has_the_sort_key_as_an_attribute_although_it_names_only_the_partition_key() -> None:
    assert attributes("Query", **QUERY, ProjectionExpression="a") == {"pk", "sk", "a"}


@pytest.mark.parametrize(
    ("operation", "params", "whole"),
    [
        ("GetItem", {"Key": KEY}, True),
        ("GetItem", {"Key": KEY, "ProjectionExpression": "a"}, False),
        ("Query", QUERY, True),
        ("Query", {**QUERY, "Select": "COUNT"}, False),
        ("Query", {**QUERY, "Select": "ALL_PROJECTED_ATTRIBUTES"}, True),
        ("Scan", {}, True),
        ("UpdateItem", {"Key": KEY}, False),
        ("UpdateItem", {"Key": KEY, "ReturnValues": "UPDATED_NEW"}, False),
        ("UpdateItem", {"Key": KEY, "ReturnValues": "ALL_NEW"}, True),
        ("PutItem", {"Item": KEY, "ReturnValues": "ALL_OLD"}, True),
        ("UpdateItem", {"Key": KEY, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, True),
        ("UpdateItem", {"Key": KEY, "ReturnValuesOnConditionCheckFailure": "NONE"}, False),
    ],
)
def test_a_request_for_whole_items_has_every_attribute(operation: str, params: dict[str, Any], whole: bool) -> None:
    assert (EVERY_ATTRIBUTE in attributes(operation, **params)) is whole


def test_a_batch_read_without_a_projection_returns_every_attribute() -> None:
    [found] = questions_of("BatchGetItem", RequestItems={"counts": {"Keys": [KEY]}})
    assert EVERY_ATTRIBUTE in found.context["dynamodb:Attributes"]
    [found] = questions_of("BatchGetItem", RequestItems={"counts": {"Keys": [KEY], "ProjectionExpression": "a"}})
    assert found.context["dynamodb:Attributes"] == ["a", "pk", "sk"]
    assert found.context["dynamodb:Select"] == "SPECIFIC_ATTRIBUTES"


def test_select_and_return_values_always_have_a_value() -> None:
    assert one_question("Query", **QUERY).context["dynamodb:Select"] == "ALL_ATTRIBUTES"
    assert one_question("Query", **QUERY, ProjectionExpression="a").context["dynamodb:Select"] == "SPECIFIC_ATTRIBUTES"
    assert one_question("Query", **QUERY, Select="COUNT").context["dynamodb:Select"] == "COUNT"
    assert one_question("UpdateItem", Key=KEY).context["dynamodb:ReturnValues"] == "NONE"
    assert one_question("UpdateItem", Key=KEY, ReturnValues="ALL_NEW").context["dynamodb:ReturnValues"] == "ALL_NEW"
    assert "dynamodb:Select" not in one_question("UpdateItem", Key=KEY).context
    assert "dynamodb:ReturnValues" not in one_question("Query", **QUERY).context


def test_a_table_is_described_by_its_name_or_its_arn() -> None:
    assert one_question("DescribeTable") == Question("dynamodb:DescribeTable", TABLE, {})
    assert questions_of("DescribeTable", TableName=TABLE)[0].resource == TABLE


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("Query", {**QUERY, "IndexName": "by-day"}),
        ("GetItem", {"Key": KEY, "AttributesToGet": ["a"]}),
        ("UpdateItem", {"Key": KEY, "AttributeUpdates": {}}),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "SET #unknown = :a"}),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "SET a = 'b'"}),
        ("ExecuteStatement", {}),
    ],
)
def test_a_request_that_the_judge_cannot_evaluate_is_not_judged(operation: str, params: dict[str, Any]) -> None:
    with pytest.raises(UnknownCall):
        one_question(operation, **params)
