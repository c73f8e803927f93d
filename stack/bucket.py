"""The account's private bucket for packages and templates, from which CloudFormation reads them.

The name of an object is the hash of its content, so the same content is uploaded only once.
"""

import hashlib
import json
from typing import Any

from botocore.exceptions import ClientError

from stack.aws import Cloud

# CloudFormation copies a template when it creates the change set, so templates may expire. CloudFormation reads an old
# package again when it rolls back an update, so packages never expire.
PACKAGES, TEMPLATES = "packages", "templates"
_LIFECYCLE = {
    "Rules": [
        {
            "ID": "TemplatesExpire",
            "Status": "Enabled",
            "Filter": {"Prefix": f"{TEMPLATES}/"},
            "Expiration": {"Days": 90},
        },
        {
            "ID": "UnfinishedUploadsExpire",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ]
}


def upload(cloud: Cloud, bucket: str, folder: str, content: bytes, suffix: str) -> str:
    """Store the content in the folder, unless it is there already. Return the object's key."""
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}{suffix}"
    if not _exists(cloud.client("s3").head_object, Bucket=bucket, Key=key):
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return key


def url(cloud: Cloud, bucket: str, key: str) -> str:
    """Return the object's URL in path style, which AWS and the emulator both accept as a template URL."""
    return f"{cloud.client('s3').meta.endpoint_url}/{bucket}/{key}"


def prepare_bucket(cloud: Cloud) -> str:
    """Create the account's bucket if it does not exist, secure the bucket, and return its name.

    Check that this account owns the bucket, because any account can take a bucket name. Secure the bucket each time:
    perhaps the deployment that created the bucket was interrupted before it secured the bucket.
    """
    account = cloud.client("sts").get_caller_identity()["Account"]
    s3 = cloud.client("s3")
    name = f"petitions-deploy-{account}-{s3.meta.region_name}"
    if not _exists(s3.head_bucket, Bucket=name, ExpectedBucketOwner=account):
        _create(s3, name)
    _secure(s3, name, s3.meta.partition)
    return name


def _create(s3: Any, name: str) -> None:
    region = s3.meta.region_name
    placement: dict[str, Any] = {}
    if region != "us-east-1":  # S3 does not accept us-east-1 as a LocationConstraint.
        placement = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **placement)


def _secure(s3: Any, name: str, partition: str) -> None:
    """Block public access, require encryption and TLS, and let old templates expire."""
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_tls_only(f"arn:{partition}:s3:::{name}")))
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=_LIFECYCLE)


def _tls_only(arn: str) -> dict[str, Any]:
    statement = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _exists(head: Any, **address: str) -> bool:
    """Return whether the object or bucket at the address exists. `head`: a method such as `head_bucket`."""
    try:
        head(**address)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchKey", "NotFound"):
            return False
        raise
    return True
