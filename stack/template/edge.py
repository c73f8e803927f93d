"""CloudFront before the API. Parameter EdgeDomain switches it on. `behaviours` says how it treats each path.

CloudFront sends a secret header. Only then does the API believe its other headers (chalicelib/edge/caller.py).
"""

from stack.template.behaviours import API, PAGES, behaviours, policies, uncached
from stack.template.busy import REFUSED_KEY, busy
from stack.template.cfn import Template, get, if_condition, merge_parts, output, ref, resource, sub
from stack.template.functions import api_stage, origin_key

_BUSY = "Busy"
# For CloudFront, the seconds that it would otherwise keep an error: ten, whatever the answer's Cache-Control says.
_ERRORS = {500: 1, 502: 1, 503: 1, 504: 1}
_REPLACED = [429, 500, 502, 503, 504]
_API_DOMAIN = sub("${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}")
# checkov does not read the choice of a certificate.
_UNCHECKED = {"checkov": {"skip": [{"id": "CKV_AWS_174", "comment": "TLS 1.2 with the domain's certificate"}]}}
_ARN = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Edge}"


def edge() -> Template:
    config = {"DistributionConfig": _config()}
    distribution = resource("CloudFront::Distribution", config, Condition="HasEdge", Metadata=_UNCHECKED)
    outputs = {
        "EdgeAddress": {
            **output(get("Edge", "DomainName"), "CloudFront's own address: the domain's CNAME record leads to it"),
            "Condition": "HasEdge",
        },
        "EdgeArn": {**output(sub(_ARN), "The distribution"), "Condition": "HasEdge"},
    }
    whole = {"Resources": {"Edge": distribution, **policies(), "RestAPI": _refusing()}, "Outputs": outputs}
    return merge_parts([whole, busy()])


def _config() -> Template:
    certificate = {
        "AcmCertificateArn": ref("EdgeCertificateArn"),
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    return {
        "Comment": sub("petitions-${Stage}"),
        "Enabled": True,
        # Without a certificate it can be tried at CloudFront's own address.
        "Aliases": if_condition("HasEdgeCertificate", [ref("EdgeDomain")]),
        "ViewerCertificate": if_condition("HasEdgeCertificate", certificate, {"CloudFrontDefaultCertificate": True}),
        "WebACLId": if_condition("HasEdgeWebAcl", ref("EdgeWebAclArn")),
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        # North America, Europe and Israel. Other readers are served from there.
        "PriceClass": "PriceClass_100",
        "Origins": [_api(), _busy_page()],
        "OriginGroups": {"Quantity": 1, "Items": [_group()]},
        "DefaultCacheBehavior": uncached(),
        "CacheBehaviors": [_refused_page(), *behaviours()],
        "CustomErrorResponses": [
            {"ErrorCode": code, "ErrorCachingMinTTL": seconds} for code, seconds in _ERRORS.items()
        ],
    }


def _api() -> Template:
    """Return the API as an origin. Two of its headers prove to the API that the request comes from CloudFront."""
    key = sub(origin_key("OriginKey"))
    # CloudFront overwrites these headers if a visitor sends them. API Gateway's resource policy can check only Referer.
    headers = {"X-Forwarded-Prefix": "/", "X-Origin-Verify": key, "Referer": key}
    return {
        "Id": API,
        "DomainName": _API_DOMAIN,
        "OriginPath": f"/{api_stage()}",
        "OriginCustomHeaders": [{"HeaderName": name, "HeaderValue": value} for name, value in headers.items()],
        # The API's own limit is 29 seconds.
        "CustomOriginConfig": {**_over_tls(), "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 60},
        **_connection_attempts(),
    }


def _busy_page() -> Template:
    domain = get("BusyEdge", "DomainName")
    return {"Id": _BUSY, "DomainName": domain, "CustomOriginConfig": _over_tls(), **_connection_attempts()}


def _refused_page() -> Template:
    """Return the behaviour of the page to which the gateway sends browsers whose form it refused (template/api.py)."""
    return {"PathPattern": f"/{REFUSED_KEY}", **uncached(), "TargetOriginId": _BUSY, "AllowedMethods": ["GET", "HEAD"]}


def _over_tls() -> Template:
    return {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}


def _connection_attempts() -> Template:
    """Return how often and how long CloudFront tries to connect. By default it is three times ten seconds."""
    return {"ConnectionAttempts": 2, "ConnectionTimeout": 3}


def _group() -> Template:
    """Return the API with the busy page behind it."""
    members = [{"OriginId": API}, {"OriginId": _BUSY}]
    return {
        "Id": PAGES,
        "FailoverCriteria": {"StatusCodes": {"Quantity": len(_REPLACED), "Items": _REPLACED}},
        "Members": {"Quantity": len(members), "Items": members},
    }


def _refusing() -> Template:
    """Return the policy with which API Gateway refuses requests without one of the keys.

    A stage serves what its last deployment captured, and SAM makes a deployment when the text of the definition
    changes. It does not look at parameters, so stack/deploy.py writes them into the description.
    """
    everywhere = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    keys = [sub(origin_key(parameter)) for parameter in ("OriginKey", "OriginKeyToo")]
    unknown = {"StringNotEquals": {"aws:Referer": keys}}
    statements = [
        {"Sid": "Anybody", "Effect": "Allow", **everywhere},
        {"Sid": "ThroughCloudFrontOnly", "Effect": "Deny", **everywhere, "Condition": unknown},
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    definition = {"x-amazon-apigateway-policy": if_condition("RefusesOthers", policy)}
    return {"Properties": {"DefinitionBody": definition}}
