"""The firewall (web ACL) of CloudFront: it limits the requests of each IP address, and refuses known attacks.

It only counts such requests unless the parameter Blocks is yes. There is no CAPTCHA and no challenge, because they stop
browsers without JavaScript; no rule against SQL injection, because there is no SQL here and O'Brien looks like SQL; and
no list of VPNs and Tor, which supporters at risk use.
"""

import json
from typing import NamedTuple

from stack.busy_page import refused_page
from stack.template.cfn import Template, if_condition, resource, sub

_WINDOW_SECONDS = 300
"""The time over which the firewall counts the requests of an address."""


class RateRule(NamedTuple):
    """A limit for the requests of one address within the window.

    `path`: a regular expression for the paths that count. `is_page`: the refusal is a page; otherwise it is JSON.
    `posts_only`: whether only requests with the method POST count.
    """

    name: str
    path: str
    max_requests: int
    is_page: bool
    posts_only: bool = True


# The limits are high, because all people in a school or a phone network may have the same address. The routes of
# partners have no limit, because one server of a partner sends many signatures.
_RATE_RULES = (
    RateRule("SigningByForm", r"^/petitions/[^/]+/signatures/*$", 2_000, is_page=True),
    RateRule("SigningByJson", r"^/api/petitions/[^/]+/signatures/*$", 2_000, is_page=False),
    RateRule("Links", r"^/(confirm|withdraw|unsubscribe|stop)/*$", 3_000, is_page=True, posts_only=False),
    RateRule("SignIn", r"^/api/staff/(sign-in|session)/*$", 100, is_page=False),
)
# AWS's groups of rules. For each group, the rules that only count requests, even if Blocks is yes. These rules would
# refuse bodies over 8 KB, paths over 1,024 bytes, Markdown, and programs without a user agent. Our bodies have up to
# 16 KB (petitions 64 KB, partners' files some MB), and a statement's path contains the whole statement.
# Letters and updates have Markdown, and any program may read our JSON.
_GROUPS = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesCommonRuleSet": (
        *("SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY"),
        *("SizeRestrictions_QUERYSTRING", "SizeRestrictions_URIPATH", "NoUserAgent_HEADER"),
    ),
}
# checkov requires a rule against attacks on Log4j. It does not see that the group KnownBadInputs has this rule, because
# checkov does not evaluate the parameter Blocks.
_UNCHECKED = {"checkov": {"skip": [{"id": "CKV_AWS_192", "comment": "KnownBadInputs has this rule; Blocks=yes"}]}}
_DETAIL = "Too many requests come from your network at once. Please try again in a few minutes."
_PROBLEM = {"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": _DETAIL}


def web_acl() -> Template:
    rate_rules = [_rate_rule(rate) for rate in _RATE_RULES]
    group_rules = [_group_rule(name, counted) for name, counted in _GROUPS.items()]
    rules = [*rate_rules, *group_rules]
    properties = {
        # With the region of the site, because the same stage may exist in several regions.
        "Name": sub("petitions-${Stage}-${SiteRegion}"),
        "Scope": "CLOUDFRONT",
        "DefaultAction": {"Allow": {}},
        "Rules": [{**rule, "Priority": number} for number, rule in enumerate(rules)],
        "CustomResponseBodies": {
            "Page": {"ContentType": "TEXT_HTML", "Content": refused_page()},
            "Problem": {"ContentType": "APPLICATION_JSON", "Content": json.dumps(_PROBLEM)},
        },
        # A metric must not have the name All or Default_Action.
        "VisibilityConfig": _metric_settings("DefaultAllow"),
    }
    return resource("WAFv2::WebACL", properties, Metadata=_UNCHECKED)


def _rate_rule(rate: RateRule) -> Template:
    rate_statement = {
        "AggregateKeyType": "IP",
        "Limit": rate.max_requests,
        "EvaluationWindowSec": _WINDOW_SECONDS,
        "ScopeDownStatement": _counted_requests(rate),
    }
    block = {"Block": {"CustomResponse": _refusal(rate)}}
    return {
        "Name": rate.name,
        "Statement": {"RateBasedStatement": rate_statement},
        "Action": if_condition("Blocks", block, {"Count": {}}),
        "VisibilityConfig": _metric_settings(rate.name),
    }


def _counted_requests(rate: RateRule) -> Template:
    is_path = {
        "RegexMatchStatement": {
            "FieldToMatch": {"UriPath": {}},
            "RegexString": rate.path,
            # Decode the path before the match: API Gateway may read %73 as s, so such a request must be counted too.
            "TextTransformations": [
                {"Priority": 0, "Type": "URL_DECODE"},
                {"Priority": 1, "Type": "NORMALIZE_PATH"},
            ],
        }
    }
    is_post = {
        "ByteMatchStatement": {
            "FieldToMatch": {"Method": {}},
            "PositionalConstraint": "EXACTLY",
            "SearchString": "POST",
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }
    }
    return {"AndStatement": {"Statements": [is_path, is_post]}} if rate.posts_only else is_path


def _refusal(rate: RateRule) -> Template:
    headers = {"Retry-After": str(_WINDOW_SECONDS)}
    if not rate.is_page:
        # Without the CORS header, the script of a form on another site would see a failed connection, not the problem.
        headers["Access-Control-Allow-Origin"] = "*"
    return {
        "ResponseCode": 429,
        "CustomResponseBodyKey": "Page" if rate.is_page else "Problem",
        "ResponseHeaders": [{"Name": name, "Value": value} for name, value in headers.items()],
    }


def _group_rule(name: str, counted: tuple[str, ...]) -> Template:
    """`counted`: the rules of AWS's group that only count."""
    group: Template = {"VendorName": "AWS", "Name": name}
    if counted:
        group["RuleActionOverrides"] = [{"Name": each, "ActionToUse": {"Count": {}}} for each in counted]
    return {
        "Name": name,
        "Statement": {"ManagedRuleGroupStatement": group},
        "OverrideAction": if_condition("Blocks", {"None": {}}, {"Count": {}}),
        "VisibilityConfig": _metric_settings(name),
    }


def _metric_settings(name: str) -> Template:
    """Return the settings of a rule's metric. Samples of requests are off, because they would contain secret links."""
    return {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": False}
