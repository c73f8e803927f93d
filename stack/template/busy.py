"""The busy page: a private bucket, and a small CloudFront distribution that answers every path with it, as a 503.

CloudFront asks the second origin of a group for the same path, and the bucket has one object. So the second origin is
a distribution of its own. Its error page does not replace an error of the API, and 503 is never kept as the page.
"""

from stack.template.cfn import Template, get, keeps_data, output, ref, resource, sub

KEY = "busy.html"
# The page after a form that the gateway refused. The main distribution shows it at this address.
REFUSED_KEY = "busy-form.html"
_CONDITION = {"Condition": "HasEdge"}
# AWS's policy with compression and without a query in the key (Managed-CachingOptimized).
_CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# One style sheet in the page, and nothing else. Any site may frame it, because the form may be in a frame.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_RETRY_SECONDS = 10
# checkov would want a firewall, and a certificate of a domain for TLS 1.2. Only our own CloudFront asks, with TLS 1.2.
_UNCHECKED = {"checkov": {"skip": [{"id": each, "comment": "see busy.py"} for each in ("CKV_AWS_68", "CKV_AWS_174")]}}
_STORAGE = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${BusyEdge}"


def busy() -> Template:
    distribution = {"DistributionConfig": _config()}
    bucket_name = {**output(ref("BusyBucket"), "Bucket of the busy page"), **_CONDITION}
    return {
        "Resources": {
            # CloudFormation cannot delete a bucket that has an object.
            "BusyBucket": resource("S3::Bucket", _bucket(), **_CONDITION, **keeps_data()),
            "BusyBucketPolicy": resource("S3::BucketPolicy", _bucket_policy(), **_CONDITION),
            "BusyAccess": resource("CloudFront::OriginAccessControl", _access(), **_CONDITION),
            "BusyHeaders": resource("CloudFront::ResponseHeadersPolicy", _headers(), **_CONDITION),
            "BusyEdge": resource("CloudFront::Distribution", distribution, **_CONDITION, Metadata=_UNCHECKED),
        },
        "Outputs": {"BusyBucketName": bucket_name},
    }


def _bucket() -> Template:
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return {
        "PublicAccessBlockConfiguration": dict.fromkeys(blocked, True),
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
    }


def _bucket_policy() -> Template:
    """Let only this distribution read, and only over TLS. It may not list, so S3 answers 403 for a missing object."""
    everything = [get("BusyBucket"), sub("${BusyBucket.Arn}/*")]
    read = {
        "Sid": "OnlyCloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": sub("${BusyBucket.Arn}/*"),
        "Condition": {"StringEquals": {"AWS:SourceArn": sub(_STORAGE)}},
    }
    secure = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": everything,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Bucket": ref("BusyBucket"), "PolicyDocument": {"Version": "2012-10-17", "Statement": [read, secure]}}


def _access() -> Template:
    signed = {"OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}
    return {"OriginAccessControlConfig": {"Name": sub("petitions-${Stage}-${AWS::Region}-busy"), **signed}}


def _headers() -> Template:
    retry = {"Header": "Retry-After", "Value": str(_RETRY_SECONDS), "Override": True}
    security = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": _POLICY, "Override": True},
        "ContentTypeOptions": {"Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
    }
    config = {
        "Name": sub("petitions-${Stage}-${AWS::Region}-busy"),
        "CustomHeadersConfig": {"Items": [retry]},
        "SecurityHeadersConfig": security,
    }
    return {"ResponseHeadersPolicyConfig": config}


def _config() -> Template:
    origin = {
        "Id": "Bucket",
        "DomainName": get("BusyBucket", "RegionalDomainName"),
        "OriginAccessControlId": get("BusyAccess", "Id"),
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {
        "TargetOriginId": "Bucket",
        "ViewerProtocolPolicy": "https-only",
        "Compress": True,
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "CachePolicyId": _CACHED,
        "ResponseHeadersPolicyId": ref("BusyHeaders"),
    }
    # A path without an object: the bucket answers 403.
    shown = {"ResponseCode": 503, "ResponsePagePath": f"/{KEY}", "ErrorCachingMinTTL": 60}
    return {
        "Comment": sub("petitions-${Stage}: the busy page"),
        "Enabled": True,
        "HttpVersion": "http2and3",
        "PriceClass": "PriceClass_100",
        "Origins": [origin],
        "DefaultCacheBehavior": behaviour,
        "CustomErrorResponses": [{"ErrorCode": code, **shown} for code in (403, 404)],
    }
