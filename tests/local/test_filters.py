"""The filter patterns of event sources."""

import json
from typing import Any

import pytest

from stack.local.filters import kept_by

NEW = {"eventName": "INSERT", "dynamodb": {"NewImage": {"state": {"S": "pending"}}}}
CONFIRMED = {"eventName": "MODIFY", "dynamodb": {"NewImage": {"state": {"S": "confirmed"}, "letter": {"M": {}}}}}
REMOVED = {"eventName": "REMOVE", "dynamodb": {}}
ALL = [NEW, CONFIRMED, REMOVED]


def new_image(**attributes: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": attributes}}


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        ([], ALL),
        ([{"eventName": ["INSERT", "REMOVE"]}], [NEW, REMOVED]),
        ([new_image(state={"S": ["confirmed"]})], [CONFIRMED]),
        ([new_image(state={"S": [{"anything-but": ["pending"]}]})], [CONFIRMED]),
        ([new_image(state={"S": [{"exists": True}]})], [NEW, CONFIRMED]),
        ([new_image(state={"S": [{"exists": False}]})], [REMOVED]),
        ([{"eventName": ["REMOVE"]}, new_image(state={"S": ["pending"]})], [NEW, REMOVED]),
        ([{"eventName": ["INSERT"], **new_image(state={"S": ["confirmed"]})}], []),
    ],
    ids=["none", "one of two", "equal", "another value", "exists", "is missing", "one of two patterns", "both parts"],
)
def test_a_record_is_kept_if_it_matches_one_pattern(patterns: list[Any], kept: list[Any]) -> None:
    settings = {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(each)} for each in patterns]}}
    assert kept_by(settings, ALL) == kept


def test_a_rule_that_is_not_known_is_an_error() -> None:
    settings = {"FilterCriteria": {"Filters": [{"Pattern": '{"eventName": [{"prefix": "IN"}]}'}]}}
    with pytest.raises(ValueError, match="prefix"):
        kept_by(settings, ALL)
