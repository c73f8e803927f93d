"""The private bucket that holds what is deployed, named by content so nothing is sent twice."""

import hashlib
import json
from typing import Any

from botocore.exceptions import ClientError

from stack.aws import Cloud

# CloudFormation copies a template when the change set is made. It reads a package again when an update is rolled
# back, however old that package is, so packages have no end.
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
    """Store the content under its hash; returns the key."""
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}{suffix}"
    if not _exists(cloud.client("s3").head_object, Bucket=bucket, Key=key):
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return key


def url(cloud: Cloud, bucket: str, key: str) -> str:
    """The object's URL in path style, which AWS and the emulator both read as a template URL."""
    return f"{cloud.client('s3').meta.endpoint_url}/{bucket}/{key}"


def ready_bucket(cloud: Cloud) -> str:
    """Name of the account's own bucket. The owner is checked, because anybody can take a bucket's name.

    It is secured every time: somebody may have stopped the deployment that created it.
    """
    account = cloud.client("sts").get_caller_identity()["Account"]
    s3 = cloud.client("s3")
    name = f"petitions-deploy-{account}-{s3.meta.region_name}"
    if not _exists(s3.head_bucket, Bucket=name, ExpectedBucketOwner=account):
        _create(s3, name)
    _secure(s3, name, s3.meta.partition)
    return name


def _create(s3: Any, name: str) -> None:
    here = s3.meta.region_name
    place = {} if here == "us-east-1" else {"LocationConstraint": here}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))


def _secure(s3: Any, name: str, partition: str) -> None:
    """Nobody else may reach it, nothing goes unencrypted, and what is not needed any more expires."""
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
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
    try:
        head(**address)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchKey", "NotFound"):
            return False
        raise
    return True
