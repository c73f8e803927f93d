"""The CDN: the CloudFront distribution in front of the API. It exists if the parameter EdgeDomain is set.

The module `behaviours` says how CloudFront treats each path. CloudFront sends a secret key in two headers. The API
uses the other headers of CloudFront only if the request has this key (chalicelib/edge/http.py).
"""

from typing import Any

from stack.template.behaviours import API, PAGES, behaviours, policies, uncached_behaviour
from stack.template.busy import REFUSED_PATH, busy, busy_behaviour
from stack.template.cfn import Template, get_att, if_condition, merge_parts, output, ref, resource, sub
from stack.template.config import api_stage
from stack.template.functions import origin_key

_BUSY = "Busy"
# The minimum number of seconds for which CloudFront keeps an error, by its status. CloudFront's default is ten seconds,
# even if the answer's Cache-Control says less.
_ERROR_SECONDS = {500: 1, 502: 1, 503: 1, 504: 1}
# If the API answers with one of these statuses, CloudFront shows the busy page instead of the requested page. API
# Gateway says 503 to a throttled request (api.py), because AWS may refuse 429 here, and then all that is deployed.
_FAILOVER_STATUSES = [500, 502, 503, 504]
_API_DOMAIN = sub("${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}")
# checkov does not evaluate the condition HasEdgeCertificate.
_UNCHECKED = {"checkov": {"skip": [{"id": "CKV_AWS_174", "comment": "TLS 1.2 with the domain's certificate"}]}}
_TLS: Template = {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
# How often CloudFront tries to connect, and for how many seconds. Its default is 3 times 10 seconds.
_CONNECTION = {"ConnectionAttempts": 2, "ConnectionTimeout": 3}
_EDGE_ARN = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Edge}"


def edge() -> Template:
    config = {"DistributionConfig": _distribution_config()}
    distribution = resource("CloudFront::Distribution", config, Condition="HasEdge", Metadata=_UNCHECKED)
    outputs = {
        "EdgeAddress": {
            **output(get_att("Edge", "DomainName"), "CloudFront's own address: the domain's CNAME record leads to it"),
            "Condition": "HasEdge",
        },
        "EdgeArn": {**output(sub(_EDGE_ARN), "The distribution"), "Condition": "HasEdge"},
    }
    main = {"Resources": {"Edge": distribution, **policies(), "RestAPI": _api_policy()}, "Outputs": outputs}
    return merge_parts([main, busy()])


def _distribution_config() -> Template:
    certificate = {
        "AcmCertificateArn": ref("EdgeCertificateArn"),
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    return {
        "Comment": sub("petitions-${Stage}"),
        "Enabled": True,
        # Without a certificate, the site can be tried at CloudFront's own address.
        "Aliases": if_condition("HasEdgeCertificate", [ref("EdgeDomain")]),
        "ViewerCertificate": if_condition("HasEdgeCertificate", certificate, {"CloudFrontDefaultCertificate": True}),
        "WebACLId": if_condition("HasEdgeWebAcl", ref("EdgeWebAclArn")),
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        # CloudFront's servers in North America, Europe and Israel. They serve readers in all other regions too.
        "PriceClass": "PriceClass_100",
        "Origins": [_api_origin(), _busy_origin()],
        "OriginGroups": _listed([_page_group()]),
        "DefaultCacheBehavior": uncached_behaviour(),
        "CacheBehaviors": [{"PathPattern": REFUSED_PATH, **busy_behaviour(API)}, *behaviours()],
        "CustomErrorResponses": [
            {"ErrorCode": code, "ErrorCachingMinTTL": seconds} for code, seconds in _ERROR_SECONDS.items()
        ],
    }


def _api_origin() -> Template:
    """Return the API as an origin, with a key that proves to it that a request comes from CloudFront.

    Our code checks the key in X-Origin-Verify. API Gateway's policy cannot read this header, so it checks Referer.
    """
    key = sub(origin_key("OriginKey"))
    # If a visitor sends one of these headers, CloudFront overwrites it. Without X-Forwarded-Prefix, our code would put
    # the API's stage before its paths, as it does at API Gateway's own address.
    headers = {"X-Forwarded-Prefix": "/", "X-Origin-Verify": key, "Referer": key}
    return {
        "Id": API,
        "DomainName": _API_DOMAIN,
        "OriginPath": f"/{api_stage()}",
        "OriginCustomHeaders": [{"HeaderName": name, "HeaderValue": value} for name, value in headers.items()],
        # API Gateway stops waiting for our code after 29 seconds.
        "CustomOriginConfig": {**_TLS, "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 60},
        **_CONNECTION,
    }


def _busy_origin() -> Template:
    domain = get_att("BusyEdge", "DomainName")
    return {"Id": _BUSY, "DomainName": domain, "CustomOriginConfig": _TLS, **_CONNECTION}


def _page_group() -> Template:
    members = [{"OriginId": API}, {"OriginId": _BUSY}]
    return {"Id": PAGES, "FailoverCriteria": {"StatusCodes": _listed(_FAILOVER_STATUSES)}, "Members": _listed(members)}


def _listed(items: list[Any]) -> Template:
    return {"Quantity": len(items), "Items": items}


def _api_policy() -> Template:
    """Return the policy by which API Gateway refuses requests without the key that CloudFront sends.

    A second key may be accepted too, so that a rotation refuses no request. Without the CDN, the policy accepts
    everything: it is not documented whether CloudFormation removes a policy that leaves the template.

    A changed policy is in force after the next deployment of the API's stage, for which the text of the API's
    definition must change. So stack/api_policy.py writes the parameters' values into its description. The statement
    ShowsTheKeys allows nothing new: it lets a deployment see that AWS has put in the keys, before the policy refuses by
    them.
    """
    every_call = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    keys = [sub(origin_key(parameter)) for parameter in ("OriginKey", "OriginKeyToo")]
    # A policy cannot read X-Origin-Verify, so CloudFront sends its key in Referer too (`_api_origin`).
    without_key = {"StringNotEquals": {"aws:Referer": keys}}
    anybody = {"Sid": "Anybody", "Effect": "Allow", **every_call}
    through_cloudfront_only = {"Sid": "ThroughCloudFrontOnly", "Effect": "Deny", **every_call, "Condition": without_key}
    with_key = {"StringEquals": {"aws:Referer": keys}}
    inert = {"Sid": "ShowsTheKeys", "Effect": "Allow", **every_call, "Condition": with_key}
    statements = [anybody, inert, if_condition("RefusesOthers", through_cloudfront_only)]
    policy = {"Version": "2012-10-17", "Statement": statements}
    return {"Properties": {"DefinitionBody": {"x-amazon-apigateway-policy": policy}}}
