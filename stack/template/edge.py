"""The CDN: the CloudFront distribution in front of the API. It exists if the parameter EdgeDomain is set.

The module `behaviours` says how CloudFront treats each path. CloudFront sends a secret key in two headers. The API
uses the other headers of CloudFront only if the request has this key (chalicelib/edge/http.py).
"""

from typing import Any

from stack.template.behaviours import API, PAGES, behaviours, policies, uncached_behaviour
from stack.template.busy import REFUSED_KEY, busy
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
_EDGE_ARN = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Edge}"


def edge() -> Template:
    """Return the distribution with its policies, the busy page, and the policy of the API."""
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
        "CacheBehaviors": [_refused_form_behaviour(), *behaviours()],
        "CustomErrorResponses": [
            {"ErrorCode": code, "ErrorCachingMinTTL": seconds} for code, seconds in _ERROR_SECONDS.items()
        ],
    }


def _api_origin() -> Template:
    """Return the API as an origin, with the headers that CloudFront adds to each request.

    A key proves to the API that the request comes from CloudFront. Our code checks the key in X-Origin-Verify. API
    Gateway's resource policy checks the key in Referer, because the policy cannot read X-Origin-Verify.
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
        "CustomOriginConfig": {**_tls_properties(), "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 60},
        **_connection_properties(),
    }


def _busy_origin() -> Template:
    domain = get_att("BusyEdge", "DomainName")
    return {"Id": _BUSY, "DomainName": domain, "CustomOriginConfig": _tls_properties(), **_connection_properties()}


def _refused_form_behaviour() -> Template:
    """Return the behaviour of the page for people whose form the gateway refused (template/api.py)."""
    return {
        "PathPattern": f"/{REFUSED_KEY}",
        **uncached_behaviour(),
        "TargetOriginId": _BUSY,
        "AllowedMethods": ["GET", "HEAD"],
    }


def _tls_properties() -> Template:
    return {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}


def _connection_properties() -> Template:
    """Return how often CloudFront tries to connect, and for how many seconds. Its default is 3 times 10 seconds."""
    return {"ConnectionAttempts": 2, "ConnectionTimeout": 3}


def _page_group() -> Template:
    """Return the group of origins for pages: the API, and the busy page for errors of the API."""
    members = [{"OriginId": API}, {"OriginId": _BUSY}]
    statuses = if_condition("FailsOverOn429", _listed([429, *_FAILOVER_STATUSES]), _listed(_FAILOVER_STATUSES))
    return {
        "Id": PAGES,
        "FailoverCriteria": {"StatusCodes": statuses},
        "Members": _listed(members),
    }


def _listed(items: list[Any]) -> Template:
    """Return a list with its length, as CloudFront wants it."""
    return {"Quantity": len(items), "Items": items}


def _api_policy() -> Template:
    """Return the policy by which API Gateway refuses requests without the key that CloudFront sends.

    It accepts a second key too, so that the key can be changed without refusing requests.

    Without the CDN, the policy accepts every request. It exists even then, because it is not documented whether
    CloudFormation removes the API's policy when it is no longer in the template.

    A changed policy is in force after the next deployment of the API's stage. SAM makes a deployment only when the text
    of the API's definition changes. The policy names only parameters, so its text stays the same when their values
    change. So stack/api_policy.py also writes these values into the API's description, which is a part of the
    definition.

    A statement that allows what everybody may do anyway has the keys too. So a deployment can see that AWS has replaced
    the references by the keys, before the policy refuses requests because of them (stack/api_policy.py).
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
