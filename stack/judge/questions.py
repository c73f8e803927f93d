"""Find the questions that IAM must answer for a call: actions, resources, and condition keys from the parameters.

The rules are from AWS's documentation; docs/aws-facts.md lists them. Where AWS documents nothing, the judge takes the
stricter of the possible rules. Sources: the Service Authorization Reference of each service, the pages that the
functions name, "Required permissions for Amazon S3 API operations" and "Multipart upload API and permissions" (S3 User
Guide). For queues and buckets encrypted with AWS's own keys (aws/sqs, aws/s3), a role needs no KMS permission.
"""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from stack.judge import dynamodb
from stack.judge.model import Call, Question, UnknownCall, Where

Params = Mapping[str, Any]

# The actions of the operations. A batch of SQS needs the permission of the single operation
# ("Amazon SQS API permissions: Actions and resource reference").
_OBJECT_ACTIONS = {
    "PutObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "GetObject": "GetObject",
}
_QUEUE_ACTIONS = {
    "SendMessageBatch": "SendMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "GetQueueAttributes": "GetQueueAttributes",
}
_MAPPING_ACTIONS = frozenset({"GetEventSourceMapping", "UpdateEventSourceMapping"})


def questions(call: Call, where: Where) -> list[Question]:
    """Return the questions of this call, which IAM must all allow. Raise UnknownCall for an unknown call."""
    if call.service not in _SERVICES:
        raise UnknownCall(f"{call.service}: the judge does not know this service")
    return _SERVICES[call.service](call.operation, call.params, where)


def _of_queue(operation: str, params: Params, where: Where) -> list[Question]:
    if operation not in _QUEUE_ACTIONS:
        raise UnknownCall(f"sqs: the judge does not know {operation}")
    action = f"sqs:{_QUEUE_ACTIONS[operation]}"
    path = urlsplit(str(params["QueueUrl"])).path
    _, _, name = path.rpartition("/")
    return [Question(action, where.arn("sqs", name), {})]


def _of_mail(operation: str, params: Params, where: Where) -> list[Question]:
    """An email's questions are about the sender's identity, and about the configuration set.

    The identity is the sender's address or its domain: the request does not say which of the two is verified in SES, so
    the role must allow both.
    """
    if operation == "GetAccount":
        return [Question("ses:GetAccount", "*", {})]  # IAM has no resource type for this action.
    if operation == "GetSuppressedDestination":
        # Its only resource type, the tenant, is optional, and we have no tenants. The engine wants a resource all the
        # same: any tenant, so that only a policy for all resources allows the call.
        return [Question("ses:GetSuppressedDestination", where.arn("ses", "tenant/any/any"), {})]
    if operation != "SendEmail":
        raise UnknownCall(f"sesv2: the judge does not know {operation}")
    if "TenantName" in params:
        raise UnknownCall("sesv2: a tenant must be associated with the identity and the set, and may need a right")
    other_contents = sorted(params.get("Content", {}).keys() - {"Simple"})
    if other_contents:
        raise UnknownCall(f"sesv2: raw mails and templates need other permissions ({', '.join(other_contents)})")
    _, address = parseaddr(params["FromEmailAddress"])
    _, _, domain = address.rpartition("@")
    resources = (f"identity/{address}", f"identity/{domain}", f"configuration-set/{params['ConfigurationSetName']}")
    context = {"ses:FromAddress": address}
    return [Question("ses:SendEmail", where.arn("ses", resource), context) for resource in resources]


def _of_function(operation: str, params: Params, where: Where) -> list[Question]:
    if operation not in _MAPPING_ACTIONS:
        raise UnknownCall(f"lambda: the judge does not know {operation}")
    mapping = where.arn("lambda", f"event-source-mapping:{params['UUID']}")
    return [Question(f"lambda:{operation}", mapping, {})]


def _of_bucket(operation: str, params: Params, where: Where) -> list[Question]:
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if operation in _OBJECT_ACTIONS:
        action = f"s3:{_OBJECT_ACTIONS[operation]}"
        return [Question(action, f"{bucket}/{params['Key']}", {})]
    if operation == "DeleteObjects":
        keys = [each["Key"] for each in params["Delete"]["Objects"]]
        return [Question("s3:DeleteObject", f"{bucket}/{key}", {}) for key in keys]
    if operation == "ListObjectsV2":
        return [Question("s3:ListBucket", bucket, {"s3:prefix": params["Prefix"]})]
    raise UnknownCall(f"s3: the judge does not know {operation}")


_SERVICES: dict[str, Callable[[str, Params, Where], list[Question]]] = {
    "dynamodb": dynamodb.questions,
    "sqs": _of_queue,
    "sesv2": _of_mail,
    "lambda": _of_function,
    "s3": _of_bucket,
}
