"""The stack in us-east-1: the firewall stops no genuine signer."""

import json
import re
from typing import Any

import pytest

from chalicelib.edge.routes import all_routes
from stack.judge.resolve import EMULATED, Resolver
from stack.us_east_1 import us_east_1
from tests.template.test_behaviours import path_of

TEMPLATE = us_east_1()
ACL: dict[str, Any] = TEMPLATE["Resources"]["WebAcl"]["Properties"]
RULES: list[dict[str, Any]] = ACL["Rules"]
RATES = {each["Name"]: each["Statement"]["RateBasedStatement"] for each in RULES if "Action" in each}
GROUPS = {
    each["Statement"]["ManagedRuleGroupStatement"]["Name"]: each["Statement"]["ManagedRuleGroupStatement"]
    for each in RULES
    if "OverrideAction" in each
}


def test_an_old_certificate_is_kept_because_cloudfront_still_uses_it() -> None:
    certificate = TEMPLATE["Resources"]["Certificate"]
    assert (certificate["DeletionPolicy"], certificate["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize(
    ("parameters", "requests", "has"),
    [
        ({}, True, True),
        ({"CertificateArn": "arn:own"}, False, True),
        ({"RequestCertificate": "no"}, False, False),
        ({"RequestCertificate": "no", "CertificateArn": "arn:own"}, False, True),
    ],
)
def test_a_certificate_is_requested_unless_there_is_one_or_the_operator_wants_none(
    parameters: dict[str, str], requests: bool, has: bool
) -> None:
    resolver = Resolver(TEMPLATE, parameters, EMULATED)
    assert TEMPLATE["Resources"]["Certificate"]["Condition"] == "RequestsCertificate"
    assert TEMPLATE["Outputs"]["CertificateArn"]["Condition"] == "HasCertificate"
    assert (resolver.holds("RequestsCertificate"), resolver.holds("HasCertificate")) == (requests, has)


def test_errors_of_the_cdn_start_an_alarm_that_emails_the_operator_once_there_is_a_cdn() -> None:
    """CloudFront's metrics are in us-east-1 only, and an alarm tells a topic of its own region only."""
    alarm = TEMPLATE["Resources"]["EdgeErrorsAlarm"]
    cdn = "arn:aws:cloudfront::123456789012:distribution/E1"
    resolver = Resolver(TEMPLATE, {"DistributionArn": cdn, "AlarmEmail": "bob@example.org"}, EMULATED)
    assert [each.holds(alarm["Condition"]) for each in (resolver, Resolver(TEMPLATE, {}, EMULATED))] == [True, False]
    watched = alarm["Properties"]
    assert (watched["Namespace"], watched["MetricName"]) == ("AWS/CloudFront", "5xxErrorRate")
    id_in_arn = {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "DistributionArn"}]}]}
    dimensions = {each["Name"]: each["Value"] for each in watched["Dimensions"]}
    assert dimensions == {"DistributionId": id_in_arn, "Region": "Global"}
    # The metric is an average in percent, and has no data without visitors.
    assert [watched[each] for each in ("Statistic", "Threshold", "TreatMissingData")] == ["Average", 5, "notBreaching"]
    assert watched["AlarmActions"] == [{"Ref": "AlarmsTopic"}]
    assert resolver.value(TEMPLATE["Resources"]["AlarmsSubscription"]["Properties"]["Endpoint"]) == "bob@example.org"


def conditions_of(statement: dict[str, Any]) -> list[dict[str, Any]]:
    return statement["AndStatement"]["Statements"] if "AndStatement" in statement else [statement]


def rate_rules_of(path: str, method: str) -> set[str]:
    """Return the rate rules that count this request."""
    found = set()
    for name, rate in RATES.items():
        path_rule, *method_rules = conditions_of(rate["ScopeDownStatement"])
        matches_path = re.search(path_rule["RegexMatchStatement"]["RegexString"], path) is not None
        methods = [each["ByteMatchStatement"]["SearchString"] for each in method_rules]
        matches_method = all(each == method for each in methods)
        if matches_path and matches_method:
            found.add(name)
    return found


def test_only_signing_links_and_sign_in_have_rate_rules() -> None:
    found = {}
    for view, route in all_routes().items():
        rules = rate_rules_of(path_of(route), route.method)
        if rules:
            found[view] = rules
    expected = {"sign_by_form": {"SigningByForm"}, "sign_by_json": {"SigningByJson"}}
    expected |= {"begin_sign_in": {"SignIn"}, "open_session": {"SignIn"}}
    expected |= {view: {"Links"} for view, route in all_routes().items() if route.function == "Links"}
    assert found == expected
    for name in ("withdrawal", "unsubscription", "stop", "confirmation"):
        assert f"show_{name}" in expected


def test_another_spelling_of_a_path_does_not_escape_its_rate_rule() -> None:
    assert rate_rules_of("/api/petitions/safe-children/signatures/", "POST") == {"SigningByJson"}
    for rate in RATES.values():
        path_rule, *_ = conditions_of(rate["ScopeDownStatement"])
        changes = path_rule["RegexMatchStatement"]["TextTransformations"]
        assert [(each["Priority"], each["Type"]) for each in changes] == [(0, "URL_DECODE"), (1, "NORMALIZE_PATH")]


def test_a_school_may_sign_at_once() -> None:
    for name in ("SigningByForm", "SigningByJson", "Links"):
        assert RATES[name]["Limit"] >= 2_000
    assert {each["AggregateKeyType"] for each in RATES.values()} == {"IP"}


def test_rules_only_count_unless_blocks_is_yes_and_no_rule_needs_javascript() -> None:
    assert TEMPLATE["Parameters"]["Blocks"]["Default"] == "no"
    for rule in RULES:
        action = rule.get("Action") or rule["OverrideAction"]
        condition, blocking, counting = action["Fn::If"]
        assert (condition, counting) == ("Blocks", {"Count": {}})
        assert [*blocking] in (["Block"], ["None"])
    assert not re.search("captcha|challenge", json.dumps(ACL), re.IGNORECASE)


def test_long_bodies_and_names_like_o_brien_pass() -> None:
    """One rule of AWS's groups refuses long bodies. The others read the first 16 KB and let the rest pass."""
    overrides = GROUPS["AWSManagedRulesCommonRuleSet"]["RuleActionOverrides"]
    counted = {each["Name"] for each in overrides}
    assert {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "NoUserAgent_HEADER"} <= counted
    assert "SizeRestrictions_URIPATH" in counted, "the press's link to a long statement has over 1,024 bytes"
    assert all(each["ActionToUse"] == {"Count": {}} for each in overrides), "also when Blocks is yes"
    assert "Body" not in json.dumps([each["Statement"] for each in RULES]), "no rule of ours reads a body"
    assert not {"AWSManagedRulesSQLiRuleSet", "AWSManagedRulesAnonymousIpList"} & GROUPS.keys()


def test_a_refused_person_sees_a_page_and_a_program_a_problem() -> None:
    for name, kind in (("SigningByForm", "TEXT_HTML"), ("SigningByJson", "APPLICATION_JSON")):
        [rule] = [each for each in RULES if each["Name"] == name]
        _, blocking, _ = rule["Action"]["Fn::If"]
        answer = blocking["Block"]["CustomResponse"]
        assert answer["ResponseCode"] == 429
        body = ACL["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
        assert body["ContentType"] == kind
        # Signatures may be posted from any origin, and a refusal must be readable there too.
        headers = {each["Name"] for each in answer["ResponseHeaders"]}
        assert ("Access-Control-Allow-Origin" in headers) is (kind == "APPLICATION_JSON")
    assert json.loads(ACL["CustomResponseBodies"]["Problem"]["Content"])["status"] == 429


def test_the_same_stage_in_a_second_region_has_another_web_acl() -> None:
    assert ACL["Name"] == {"Fn::Sub": "petitions-${Stage}-${SiteRegion}"}


def test_no_sample_of_requests_is_kept_because_links_have_tokens() -> None:
    for rule in RULES:
        assert not rule["VisibilityConfig"]["SampledRequestsEnabled"]


def test_aws_accepts_the_numbers() -> None:
    """WAF: at most ten rate rules, 4 KB in a body, windows of a few lengths, priorities of their own."""
    assert len(RATES) <= 10
    for rate in RATES.values():
        assert rate["Limit"] >= 10
        assert rate["EvaluationWindowSec"] in (60, 120, 300, 600)
    for body in ACL["CustomResponseBodies"].values():
        assert len(body["Content"].encode()) <= 4096
    priorities = [each["Priority"] for each in RULES]
    assert sorted(priorities) == list(range(len(RULES)))


def test_no_metric_has_a_name_that_waf_has_reserved() -> None:
    """AWS refuses All and Default_Action: WAF API reference, VisibilityConfig."""
    metrics = [each["VisibilityConfig"]["MetricName"] for each in (ACL, *RULES)]
    assert not {"All", "Default_Action"} & {*metrics}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,128}", each) for each in metrics)
