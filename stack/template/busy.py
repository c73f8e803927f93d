"""The busy page: a private bucket, and a small CloudFront distribution that answers every path with it, as a 503.

If the API fails, CloudFront requests the same path from the second origin of the group. The bucket does not have that
path, so the second origin is this distribution: for a missing object, it answers 503 with the busy page. A cache does
not keep a 503 as the page itself. Errors of the API for programs stay as they are.
"""

from stack.template.cfn import Template, get_att, output, ref, resource, retention, sub

KEY = "busy.html"
# The page that people see if the gateway refuses their form. The main distribution shows it at this address.
REFUSED_KEY = "busy-form.html"
_CONDITION = {"Condition": "HasEdge"}
# AWS's policy with compression and without a query in the key (Managed-CachingOptimized).
_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# The page contains its style sheet, and loads nothing. Any site may frame it, because the form may be in a frame.
_CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_RETRY_SECONDS = 10
# checkov wants a firewall, and for TLS 1.2 a domain's certificate. Only the main distribution asks here, with TLS 1.2.
_UNCHECKED = {"checkov": {"skip": [{"id": each, "comment": "see busy.py"} for each in ("CKV_AWS_68", "CKV_AWS_174")]}}
_BUSY_EDGE_ARN = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${BusyEdge}"


def busy() -> Template:
    distribution = {"DistributionConfig": _distribution_config()}
    bucket_name = {**output(ref("BusyBucket"), "Bucket of the busy page"), **_CONDITION}
    return {
        "Resources": {
            # CloudFormation cannot delete a bucket that has an object.
            "BusyBucket": resource("S3::Bucket", _bucket(), **_CONDITION, **retention()),
            "BusyBucketPolicy": resource("S3::BucketPolicy", _bucket_policy(), **_CONDITION),
            "BusyAccess": resource("CloudFront::OriginAccessControl", _access_control(), **_CONDITION),
            "BusyHeaders": resource("CloudFront::ResponseHeadersPolicy", _response_headers(), **_CONDITION),
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
    everything = [get_att("BusyBucket"), sub("${BusyBucket.Arn}/*")]
    read = {
        "Sid": "OnlyCloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": sub("${BusyBucket.Arn}/*"),
        "Condition": {"StringEquals": {"AWS:SourceArn": sub(_BUSY_EDGE_ARN)}},
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
    # The bucket answers 403 for a path without an object.
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
