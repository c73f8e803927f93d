"""S3: actions and resources of a call.

Source: "Required permissions for Amazon S3 API operations" and "Multipart upload API and permissions" (S3 User Guide).
A bucket under the AWS managed key (aws/s3) needs no KMS permission of the role.
"""

from collections.abc import Mapping
from typing import Any

from stack.referee.model import Question, UnknownCall, Where

_OBJECT_ACTIONS = {
    "PutObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "DeleteObject": "DeleteObject",
}
# Parameters of a listing that IAM knows as condition keys.
_LISTING_KEYS = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def questions(operation: str, params: Mapping[str, Any], where: Where) -> list[Question]:
    """Return a question for each object. A listing asks about the bucket, with the prefix as a condition key."""
    bucket = f"arn:{where.partition}:s3:::{params['Bucket']}"
    if operation in _OBJECT_ACTIONS:
        return [Question(f"s3:{_OBJECT_ACTIONS[operation]}", f"{bucket}/{params['Key']}", {})]
    if operation == "DeleteObjects":
        keys = [each["Key"] for each in params["Delete"]["Objects"]]
        return [Question("s3:DeleteObject", f"{bucket}/{key}", {}) for key in keys]
    if operation == "ListObjectsV2":
        context = {key: str(params[name]) for name, key in _LISTING_KEYS.items() if name in params}
        return [Question("s3:ListBucket", bucket, context)]
    raise UnknownCall(f"s3: the referee does not know {operation}")
