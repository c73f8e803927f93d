"""CloudFront's origins, the busy page, and AWS's rules for a distribution."""

import json
import re

from tests.template.packaged import CONFIG, RESOURCES, TEMPLATE, Resource, of_type
from tests.template.test_behaviours import BEHAVIOURS, DISTRIBUTION, POLICIES, REQUEST_POLICY, Node, query_keys_of

BUSY: Node = RESOURCES["BusyEdge"]["Properties"]["DistributionConfig"]
ORIGINS = {each["Id"]: each for each in DISTRIBUTION["Origins"]}
# AWS, "Quotas".
MAX_BEHAVIOURS, MAX_IN_A_POLICY, MAX_POLICIES = 75, 10, 20
ALL_METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"}
_NAMED_TYPES = ("CachePolicy", "OriginRequestPolicy")
METHOD_SETS = ({"GET", "HEAD"}, {"GET", "HEAD", "OPTIONS"}, ALL_METHODS)


# The origin.


def test_the_api_gets_its_stage_the_prefix_and_the_key() -> None:
    api = ORIGINS["Api"]
    key = {"Fn::Sub": "{{resolve:secretsmanager:${OriginKeys}:SecretString:${OriginKey}}}"}
    assert api["OriginPath"] == f"/{CONFIG['api_gateway_stage']}"
    assert api["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert {each["HeaderName"]: each["HeaderValue"] for each in api["OriginCustomHeaders"]} == {
        "X-Forwarded-Prefix": "/",
        "X-Origin-Verify": key,
        "Referer": key,
    }


def test_the_api_refuses_requests_without_a_key_if_edge_only_is_yes() -> None:
    definition = RESOURCES["RestAPI"]["Properties"]["DefinitionBody"]
    allowed, _, conditional = definition["x-amazon-apigateway-policy"]["Statement"]
    condition, denied, otherwise = conditional["Fn::If"]
    keys = denied["Condition"]["StringNotEquals"]["aws:Referer"]
    assert (condition, otherwise) == ("RefusesOthers", {"Ref": "AWS::NoValue"})
    assert (allowed["Effect"], denied["Effect"]) == ("Allow", "Deny")
    assert allowed["Resource"] == denied["Resource"] == "execute-api:/*"
    # In a rotation, the API must accept the next key before CloudFront sends it.
    key_names = [re.findall(r":SecretString:\$\{(\w+)\}", each["Fn::Sub"]) for each in keys]
    assert key_names == [["OriginKey"], ["OriginKeyToo"]]


def test_functions_accept_exactly_the_keys_of_the_policy() -> None:
    for name in ("APIHandler", "SignIn", "Manage"):
        variables = RESOURCES[name]["Properties"]["Environment"]["Variables"]
        keys = json.loads(variables["ORIGIN_KEYS"]["Fn::Sub"])
        assert keys.keys() == {"OriginKey", "OriginKeyToo"}


# The busy page.


def test_the_busy_page_replaces_every_failed_page_and_is_never_cached_as_the_page() -> None:
    [group] = DISTRIBUTION["OriginGroups"]["Items"]
    # Some pages of AWS do not list 429. If AWS refuses it, the whole deployment rolls back.
    assert group["FailoverCriteria"]["StatusCodes"] == {"Quantity": 4, "Items": [500, 502, 503, 504]}
    assert [each["OriginId"] for each in group["Members"]["Items"]] == ["Api", "Busy"]
    assert ORIGINS["Busy"]["DomainName"] == {"Fn::GetAtt": ["BusyEdge", "DomainName"]}
    # The function answers every request (tests/stack/test_busy_page.py).
    for behaviour in (BUSY["DefaultCacheBehavior"], BEHAVIOURS[0]):
        [association] = behaviour["FunctionAssociations"]
        assert association["FunctionARN"] == {"Fn::GetAtt": ["BusyPage", "FunctionARN"]}


def test_an_error_is_cached_for_a_second_and_not_replaced_by_a_page() -> None:
    """By default, CloudFront keeps an error for ten seconds. Errors in JSON must not become pages."""
    errors = DISTRIBUTION["CustomErrorResponses"]
    seconds = {error["ErrorCode"]: error["ErrorCachingMinTTL"] for error in errors}
    assert seconds == {500: 1, 502: 1, 503: 1, 504: 1}
    for error in errors:
        assert "ResponsePagePath" not in error


# What AWS refuses.


def test_a_distribution_has_no_more_than_aws_allows() -> None:
    assert len(BEHAVIOURS) < MAX_BEHAVIOURS
    # An account has twenty cache policies, and each stage with a CDN has these.
    assert len(POLICIES) <= MAX_POLICIES // 4
    assert len(REQUEST_POLICY["HeadersConfig"]["Headers"]) <= MAX_IN_A_POLICY
    for policy in POLICIES.values():
        assert len(query_keys_of(policy)) <= MAX_IN_A_POLICY
    patterns = [each["PathPattern"] for each in BEHAVIOURS]
    assert len({*patterns}) == len(patterns)
    assert all(re.fullmatch(r"[A-Za-z0-9_\-.*$/~\"'@:+&?]{1,255}", each) for each in patterns)


def test_a_behaviour_has_one_of_three_sets_of_methods_and_an_origin_group_takes_no_post() -> None:
    for behaviour in (*BEHAVIOURS, DISTRIBUTION["DefaultCacheBehavior"], BUSY["DefaultCacheBehavior"]):
        methods = {*behaviour["AllowedMethods"]}
        assert methods in METHOD_SETS
        assert {*behaviour["CachedMethods"]} in METHOD_SETS[:2]
        if behaviour["TargetOriginId"] == "Pages":
            assert "POST" not in methods


def test_a_policy_that_caches_has_a_maximum_time() -> None:
    """AWS refuses keys, and compression, in a policy whose times are all 0."""
    assert all(policy["MaxTTL"] > 0 for policy in POLICIES.values())


def test_the_same_stage_in_a_second_region_has_other_names() -> None:
    """CloudFront has one list of policies for all regions of an account."""
    configs: list[Node] = []
    for kind in _NAMED_TYPES:
        for properties in of_type(f"AWS::CloudFront::{kind}").values():
            configs += properties.values()
    assert len(configs) > len(_NAMED_TYPES)
    for config in configs:
        assert config["Name"]["Fn::Sub"].startswith("petitions-${Stage}-${AWS::Region}-")


def test_every_target_is_an_origin_and_aws_refuses_no_origin_header() -> None:
    targets = {each["TargetOriginId"] for each in (*BEHAVIOURS, DISTRIBUTION["DefaultCacheBehavior"])}
    assert targets == {"Api", "Pages"}
    refused = r"cache-control|connection|content-length|cookie|host|if-.*|max-forwards|pragma|proxy-.*|range|via"
    for header in ORIGINS["Api"]["OriginCustomHeaders"]:
        name = header["HeaderName"].lower()
        assert not re.fullmatch(rf"{refused}|te|trailer|upgrade|x-amz-.*|x-edge-.*|x-real-ip", name)


def test_without_a_domain_the_stack_has_no_cdn() -> None:
    cdn_resources = []
    for name, resource in RESOURCES.items():
        if "CloudFront" in resource["Type"] or name.startswith("Busy"):
            cdn_resources.append(resource)
    assert len(cdn_resources) == 10
    for resource in cdn_resources:
        assert resource["Condition"] == "HasEdge"
    assert TEMPLATE["Parameters"]["EdgeDomain"]["Default"] == ""
    outputs: Resource = TEMPLATE["Outputs"]
    for name in ("EdgeAddress", "EdgeArn"):
        assert outputs[name]["Condition"] == "HasEdge"
