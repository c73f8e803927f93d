"""The busy page, which people see if the API fails: a private bucket, and a CloudFront distribution of its own.

The site's distribution (edge.py) then requests the same path from this distribution, which answers every missing object
with the busy page and 503: browsers and caches see that it is not the requested page. The requests of programs have no
second origin, so programs get the API's own errors.
"""

from stack.template.cfn import Template, get_att, output, policy_document, ref, resource, retention, sub
from stack.template.storage import only_over_tls, private_bucket

# The keys of two objects in the bucket: the busy page, and the page that people see if the gateway refuses their form.
# The site's distribution shows the second page at /busy-form.html.
KEY = "busy.html"
REFUSED_KEY = "busy-form.html"
_ENCRYPTION = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
_CONDITION = {"Condition": "HasEdge"}
# The id of AWS's own cache policy that compresses and ignores the query (Managed-CachingOptimized).
_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# Each page contains its style sheet and loads nothing. Other sites may show the page in a frame, because some of them
# show the form in a frame.
_CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_RETRY_SECONDS = 10
# checkov requires a firewall, and TLS 1.2 with a domain's certificate. This distribution needs neither: only the site's
# distribution sends requests to it, and uses TLS 1.2.
_SKIPPED = [{"id": check, "comment": "see busy.py"} for check in ("CKV_AWS_68", "CKV_AWS_174")]
_UNCHECKED = {"checkov": {"skip": _SKIPPED}}
_BUSY_EDGE_ARN = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${BusyEdge}"


def busy() -> Template:
    distribution = {"DistributionConfig": _distribution_config()}
    bucket_name = {**output(ref("BusyBucket"), "Bucket of the busy page"), **_CONDITION}
    return {
        "Resources": {
            # The bucket stays when the stack is deleted, because CloudFormation cannot delete a bucket with objects.
            "BusyBucket": resource("S3::Bucket", private_bucket(_ENCRYPTION), **_CONDITION, **retention()),
            "BusyBucketPolicy": resource("S3::BucketPolicy", _bucket_policy(), **_CONDITION),
            "BusyAccess": resource("CloudFront::OriginAccessControl", _access_control(), **_CONDITION),
            "BusyHeaders": resource("CloudFront::ResponseHeadersPolicy", _response_headers(), **_CONDITION),
            "BusyEdge": resource("CloudFront::Distribution", distribution, **_CONDITION, Metadata=_UNCHECKED),
        },
        "Outputs": {"BusyBucketName": bucket_name},
    }


def _bucket_policy() -> Template:
    """The distribution may not list objects, so S3 answers 403 instead of 404 for a missing object."""
    objects, this_distribution = sub("${BusyBucket.Arn}/*"), {"StringEquals": {"AWS:SourceArn": sub(_BUSY_EDGE_ARN)}}
    cloudfront = {"Service": "cloudfront.amazonaws.com"}
    read = policy_document("OnlyCloudFront", cloudfront, "s3:GetObject", objects, this_distribution)
    document = {**read, "Statement": [*read["Statement"], *only_over_tls("BusyBucket")["Statement"]]}
    return {"Bucket": ref("BusyBucket"), "PolicyDocument": document}


def _access_control() -> Template:
    signing = {"OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}
    return {"OriginAccessControlConfig": {"Name": sub("petitions-${Stage}-${AWS::Region}-busy"), **signing}}


def _response_headers() -> Template:
    retry = {"Header": "Retry-After", "Value": str(_RETRY_SECONDS), "Override": True}
    security = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": _CONTENT_SECURITY_POLICY, "Override": True},
        "ContentTypeOptions": {"Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
    }
    config = {
        "Name": sub("petitions-${Stage}-${AWS::Region}-busy"),
        "CustomHeadersConfig": {"Items": [retry]},
        "SecurityHeadersConfig": security,
    }
    return {"ResponseHeadersPolicyConfig": config}


def _distribution_config() -> Template:
    origin = {
        "Id": "Bucket",
        "DomainName": get_att("BusyBucket", "RegionalDomainName"),
        "OriginAccessControlId": get_att("BusyAccess", "Id"),
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {
        "TargetOriginId": "Bucket",
        "ViewerProtocolPolicy": "https-only",
        "Compress": True,
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "CachePolicyId": _CACHING_OPTIMIZED,
        "ResponseHeadersPolicyId": ref("BusyHeaders"),
    }
    # For a missing object, S3 answers 403, or 404 to those who may list the bucket.
    busy_response = {"ResponseCode": 503, "ResponsePagePath": f"/{KEY}", "ErrorCachingMinTTL": 60}
    return {
        "Comment": sub("petitions-${Stage}: the busy page"),
        "Enabled": True,
        "HttpVersion": "http2and3",
        "PriceClass": "PriceClass_100",
        "Origins": [origin],
        "DefaultCacheBehavior": behaviour,
        "CustomErrorResponses": [{"ErrorCode": code, **busy_response} for code in (403, 404)],
    }
