"""The policies of the functions, with the template's intrinsic functions resolved."""

from typing import Any

import pytest

from stack.judge.model import Where
from stack.judge.policies import principal, resolved_policies
from stack.judge.resolve import Resolver
from stack.template.functions import logical_id
from stack.template.policies import declared_policies
from tests.judge.implied import implied_questions

WHERE = Where("eu-west-2", "123456789012")
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Default": "prod"}, "From": {}},
    "Conditions": {
        "Local": {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
        "Remote": {"Fn::Not": [{"Condition": "Local"}]},
        "Either": {"Fn::Or": [{"Condition": "Local"}, {"Condition": "Remote"}]},
        "Both": {"Fn::And": [{"Condition": "Local"}, {"Condition": "Remote"}]},
    },
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Edge": {"Type": "AWS::CloudFront::Distribution"},
    },
}
RESOLVER = Resolver(TEMPLATE, {"From": "a@example.org"}, WHERE)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "From"}, "a@example.org"),
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "AWS::Region"}, "eu-west-2"),
        ({"Ref": "Queue"}, "petitions-Queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:eu-west-2:123456789012:petitions-Queue"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:aws:dynamodb:eu-west-2:123456789012:table/petitions-Table"),
        ({"Fn::Sub": "${Bucket.Arn}/parts/*"}, "arn:aws:s3:::petitions-bucket/parts/*"),
        ({"Fn::Sub": "arn:${AWS::Partition}:x:${AWS::AccountId}:${!kept}"}, "arn:aws:x:123456789012:${!kept}"),
        ([{"Fn::If": ["Local", 1, 2]}, {"Fn::If": ["Remote", 1, 2]}], [2, 1]),
        ([{"Fn::If": ["Either", 1, 2]}, {"Fn::If": ["Both", 1, 2]}], [1, 2]),
        ([{"Fn::If": ["Local", 1, {"Ref": "AWS::NoValue"}]}, {"Ref": "AWS::NoValue"}], []),
        ({"a": {"Fn::If": ["Remote", {"Ref": "AWS::NoValue"}, 1]}, "b": 2}, {"b": 2}),
        ({"Fn::Join": ["/", ["a", {"Ref": "From"}]]}, "a/a@example.org"),
        ({"Fn::GetAtt": ["Bucket", "RegionalDomainName"]}, "petitions-bucket.s3.eu-west-2.amazonaws.com"),
        ({"Fn::GetAtt": ["Edge", "DomainName"]}, "petitions-edge.cloudfront.net"),
        (
            {"Condition": {"StringEquals": {"k": {"Ref": "From"}}}},
            {"Condition": {"StringEquals": {"k": "a@example.org"}}},
        ),
    ],
)
def test_an_intrinsic_function_is_replaced_by_its_value(node: Any, value: Any) -> None:
    assert RESOLVER.value(node) == value


def test_every_function_has_a_policy_without_intrinsic_functions() -> None:
    found = resolved_policies()
    assert found.keys() == declared_policies().keys()
    assert "Fn::" not in str(found)
    assert "'Ref'" not in str(found)


def test_a_function_makes_its_calls_as_a_session_of_its_role() -> None:
    assert logical_id("api_handler") == "APIHandler"
    assert principal("send_other_mail").endswith(":assumed-role/petitions-SendOtherMailRole/petitions-SendOtherMail")


def test_lambdas_own_calls_are_derived_from_a_functions_events() -> None:
    queue, stream = {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["Table", "StreamArn"]}
    failed = {"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": queue}}}
    events = {"A": {"Properties": {"Queue": queue}}, "B": {"Properties": {"Stream": stream, **failed}}}
    found = list(implied_questions("Worker", {"Properties": {"Events": events}}, RESOLVER))
    assert [each.action for each in found] == [
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
        "sqs:SendMessage",
    ]
    assert found[0].resource.startswith("arn:aws:logs:eu-west-2:123456789012:log-group:/aws/lambda/petitions-Worker-")
    assert found[2].resource == found[-1].resource == RESOLVER.value(queue)
    assert found[5].resource == RESOLVER.value(stream)
