"""The IAM questions of calls of S3: may the role do this action on this resource?

Source: "Required permissions for Amazon S3 API operations" and "Multipart upload API and permissions" (S3 User Guide).
For a bucket encrypted with AWS's own key (aws/s3), a role needs no KMS permission.
"""

from collections.abc import Mapping
from typing import Any

from stack.judge.model import Question, UnknownCall, Where

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
# The condition keys for the parameters of a listing.
_LISTING_KEYS = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def questions(operation: str, params: Mapping[str, Any], where: Where) -> list[Question]:
    """Return a question for each object. For a listing, return one question about the bucket.

    The parameters of the listing are the condition keys of its question.
    """
    bucket = f"arn:{where.partition}:s3:::{params['Bucket']}"
    if operation in _OBJECT_ACTIONS:
        action = f"s3:{_OBJECT_ACTIONS[operation]}"
        return [Question(action, f"{bucket}/{params['Key']}", {})]
    if operation == "DeleteObjects":
        keys = [each["Key"] for each in params["Delete"]["Objects"]]
        return [Question("s3:DeleteObject", f"{bucket}/{key}", {}) for key in keys]
    if operation == "ListObjectsV2":
        context = {}
        for name, key in _LISTING_KEYS.items():
            if name in params:
                context[key] = str(params[name])
        return [Question("s3:ListBucket", bucket, context)]
    raise UnknownCall(f"s3: the judge does not know {operation}")
