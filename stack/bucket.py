"""The account's private bucket for packages and templates, from which CloudFormation reads them.

The name of an object is the hash of its content, so the same content is stored once.
"""

import hashlib
import json
from contextlib import suppress
from typing import Any

from stack.aws import Cloud

# CloudFormation copies a template when it creates the change set, so templates may expire. CloudFormation reads an old
# package again when it rolls back an update, so packages never expire.
PACKAGES, TEMPLATES = "packages", "templates"
_UNFINISHED = {
    "ID": "Unfinished",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
_OLD = {"ID": "TemplatesExpire", "Filter": {"Prefix": f"{TEMPLATES}/"}, "Expiration": {"Days": 90}}
_LIFECYCLE: Any = {"Rules": [{**rule, "Status": "Enabled"} for rule in (_OLD, _UNFINISHED)]}


def upload(cloud: Cloud, bucket: str, folder: str, content: bytes, suffix: str) -> str:
    """Store the content in the folder. Return the object's key."""
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}{suffix}"
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return key


def upload_template(cloud: Cloud, bucket: str, template: dict[str, Any]) -> str:
    """Store the template. Return its URL in path style, which AWS and the emulator both accept."""
    body = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
    key = upload(cloud, bucket, TEMPLATES, body, ".json")
    return f"{cloud.client('s3').meta.endpoint_url}/{bucket}/{key}"


def prepare_bucket(cloud: Cloud) -> str:
    """Create the account's bucket if it does not exist, secure it, and return its name.

    S3 refuses the creation if another account has taken the name. Secure the bucket each time: perhaps the deployment
    that created it was interrupted. (S3 blocks public access and encrypts by itself.)
    """
    account = cloud.client("sts").get_caller_identity()["Account"]
    s3 = cloud.client("s3")
    region, partition = s3.meta.region_name, s3.meta.partition
    name = f"petitions-deploy-{account}-{region}"
    # S3 does not accept us-east-1 as a LocationConstraint.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, **place)
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{name}", f"arn:{partition}:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=_LIFECYCLE)
    return name
