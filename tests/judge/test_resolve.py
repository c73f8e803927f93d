"""The policies of the functions with resolved names, the page that lists them, and the settings that functions get."""

from typing import Any

import pytest

from chalicelib.edge.route import Function
from stack.judge import powers
from stack.judge.model import Where
from stack.judge.resolve import Resolver
from stack.template.functions import SECRETS, logical_id
from tests.judge.evidence import Evidence
from tests.template.packaged import FUNCTIONS, environment_of
from tests.template.test_settings import OIDC

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
        (
            {"Condition": {"StringEquals": {"k": {"Ref": "From"}}}},
            {"Condition": {"StringEquals": {"k": "a@example.org"}}},
        ),
    ],
)
def test_an_intrinsic_function_is_replaced_by_its_value(node: Any, value: Any) -> None:
    assert RESOLVER.value(node) == value


def test_the_table_of_what_each_function_may_do_is_up_to_date() -> None:
    page = powers.PAGE.read_text(encoding="utf-8")
    assert powers.with_table(page) == page, "run: PYTHONPATH=. .venv/bin/python -m stack.judge.powers"


def readers(setting: str, evidence: Evidence) -> set[str]:
    return {logical_id(name) for name, settings in evidence.settings.items() if setting.lower() in settings}


@pytest.mark.parametrize("setting", sorted((SECRETS.keys() | OIDC) - {"ORIGIN_KEYS"}))
def test_exactly_the_functions_that_read_a_setting_get_it(setting: str, evidence: Evidence) -> None:
    assert readers(setting, evidence) == {name for name in FUNCTIONS if setting in environment_of(name)}


def test_every_function_that_may_have_to_know_a_request_of_the_cdn_gets_its_key(evidence: Evidence) -> None:
    """The scenes do not send each request as the CDN does (edge/caller.py)."""
    given = {name for name in FUNCTIONS if "ORIGIN_KEYS" in environment_of(name)}
    assert readers("ORIGIN_KEYS", evidence) <= given
    assert given == {*Function}
