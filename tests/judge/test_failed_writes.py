"""AWS's pages do not say which condition key covers what a failed write returns. So both readings must allow it."""

import pytest

from tests.judge.test_dynamodb_questions import KEY, questions_of


@pytest.mark.parametrize("returned", ["NONE", "ALL_OLD"])
def test_what_a_failed_write_returns_may_also_count_as_return_values(returned: str) -> None:
    on_failure = {"ReturnValuesOnConditionCheckFailure": returned}
    found = questions_of("UpdateItem", TableName="counts", Key=KEY, **on_failure)
    assert [question.context["dynamodb:ReturnValues"] for question in found] == ["NONE", returned]
    item = {"Update": {"TableName": "counts", "Key": KEY, **on_failure}}
    found = questions_of("TransactWriteItems", TransactItems=[item])
    assert [question.context.get("dynamodb:ReturnValues") for question in found] == [None, returned]
