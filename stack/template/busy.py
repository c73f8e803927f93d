"""The pages that people see if the API fails, or if the gateway refuses their form: a CloudFront function has them.

The site's distribution (edge.py) asks a second distribution for the same path, whose every answer is the busy page
with 503: browsers and caches see that it is not the requested page. The requests of programs have no second origin, so
programs get the API's own errors. /busy-form.html of the site's distribution is the page for a refused form.
"""

import json

from stack.busy_page import page, refused_page
from stack.template.cfn import Template, get_att, resource, sub

REFUSED_PATH = "/busy-form.html"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""The id of AWS's own cache policy that caches nothing (Managed-CachingDisabled)."""

# Each page contains its style sheet and loads nothing. Other sites may show the page in a frame, because some of them
# show the form in a frame. A page must not stay when the API works again.
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "retry-after": "10",
    "x-content-type-options": "nosniff",
}
_CODE = """function handler(event) {
  var isRefused = event.request.uri === %(path)s;
  return {
    statusCode: isRefused ? 200 : 503,
    statusDescription: isRefused ? "OK" : "Service Unavailable",
    headers: %(headers)s,
    body: isRefused ? %(refused)s : %(busy)s,
  };
}
"""
# checkov requires a firewall, and TLS 1.2 with a domain's certificate. This distribution needs neither: only the site's
# distribution sends requests to it, and uses TLS 1.2.
_SKIPPED = [{"id": check, "comment": "see busy.py"} for check in ("CKV_AWS_68", "CKV_AWS_174")]


def busy() -> Template:
    config = {"DistributionConfig": _distribution_config()}
    metadata = {"checkov": {"skip": _SKIPPED}}
    function = {
        "Name": sub("petitions-${Stage}-${AWS::Region}-busy"),
        "AutoPublish": True,
        "FunctionCode": function_code(),
        "FunctionConfig": {"Comment": "The busy page", "Runtime": "cloudfront-js-2.0"},
    }
    return {
        "Resources": {
            "BusyPage": resource("CloudFront::Function", function, Condition="HasEdge"),
            "BusyEdge": resource("CloudFront::Distribution", config, Condition="HasEdge", Metadata=metadata),
        }
    }


def function_code() -> str:
    values = {
        "path": REFUSED_PATH,
        "headers": {name: {"value": value} for name, value in _HEADERS.items()},
        "refused": refused_page(),
        "busy": page(),
    }
    return _CODE % {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}


def busy_behaviour(origin: str) -> Template:
    """Return a behaviour whose every request the function answers, so that the origin gets none."""
    association = {"EventType": "viewer-request", "FunctionARN": get_att("BusyPage", "FunctionARN")}
    return {
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "CachePolicyId": CACHING_DISABLED,
        "FunctionAssociations": [association],
    }


def _distribution_config() -> Template:
    origin = {
        "Id": "Unused",
        "DomainName": sub("${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]},
    }
    return {
        "Comment": sub("petitions-${Stage}: the busy page"),
        "Enabled": True,
        "HttpVersion": "http2and3",
        "PriceClass": "PriceClass_100",
        "Origins": [origin],
        "DefaultCacheBehavior": busy_behaviour("Unused"),
    }
