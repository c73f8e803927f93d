"""The private bucket that holds what is deployed, named by content so nothing is sent twice."""

import hashlib
from typing import Any

from botocore.exceptions import ClientError

from stack.aws import Cloud


def upload(cloud: Cloud, content: bytes, suffix: str) -> tuple[str, str]:
    """Store the content under its hash; returns bucket and key."""
    bucket = _bucket(cloud)
    key = f"{hashlib.sha256(content).hexdigest()}{suffix}"
    if not _exists(cloud.client("s3").head_object, Bucket=bucket, Key=key):
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return bucket, key


def url(cloud: Cloud, bucket: str, key: str) -> str:
    """The object's URL in path style, which AWS and the emulator both read as a template URL."""
    return f"{cloud.client('s3').meta.endpoint_url}/{bucket}/{key}"


def _bucket(cloud: Cloud) -> str:
    """The account's own bucket: the owner is checked, because anybody can take a bucket's name."""
    account = cloud.client("sts").get_caller_identity()["Account"]
    s3 = cloud.client("s3")
    name = f"petitions-deploy-{account}-{s3.meta.region_name}"
    if not _exists(s3.head_bucket, Bucket=name, ExpectedBucketOwner=account):
        _create(s3, name)
    return name


def _create(s3: Any, name: str) -> None:
    here = s3.meta.region_name
    place = {} if here == "us-east-1" else {"LocationConstraint": here}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _exists(head: Any, **address: str) -> bool:
    try:
        head(**address)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchKey", "NotFound"):
            return False
        raise
    return True
