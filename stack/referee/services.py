"""The IAM questions of calls of SQS, SES and Lambda: may the role do this action on this resource?

Source: the Service Authorization Reference of each service, and the pages that the functions name.
"""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from stack.referee.model import Question, UnknownCall, Where

Params = Mapping[str, Any]

# A batch needs the permission of the single operation ("Amazon SQS API permissions: Actions and resource reference").
_QUEUE_ACTIONS = {
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "GetQueueAttributes": "GetQueueAttributes",
}
_MAPPING_ACTIONS = frozenset({"GetEventSourceMapping", "UpdateEventSourceMapping"})


def of_queue(operation: str, params: Params, where: Where) -> list[Question]:
    """Return the question of a call of SQS. For queues encrypted with AWS's own key, a role needs no KMS permission."""
    if operation not in _QUEUE_ACTIONS:
        raise UnknownCall(f"sqs: the referee does not know {operation}")
    action = f"sqs:{_QUEUE_ACTIONS[operation]}"
    path = urlsplit(str(params["QueueUrl"])).path
    _, _, name = path.rpartition("/")
    return [Question(action, where.arn("sqs", name), {})]


def of_mail(operation: str, params: Params, where: Where) -> list[Question]:
    """Return the questions of a call of SES.

    An email's questions are about the sender's identity, and about the configuration set if there is one. The identity
    is the sender's address or its domain, whichever is verified in SES. The request does not say which of the two is
    verified, so the role must allow both.
    """
    if operation == "GetAccount":
        return [Question("ses:GetAccount", "*", {"ses:ApiVersion": "2"})]  # IAM has no resource type for this action.
    if operation == "GetSuppressedDestination":
        # Its only resource type, the tenant, is optional, and we have no tenants. The engine wants a resource all the
        # same: any tenant, so that only a policy for all resources allows the call.
        return [Question("ses:GetSuppressedDestination", where.arn("ses", "tenant/any/any"), {"ses:ApiVersion": "2"})]
    if operation != "SendEmail":
        raise UnknownCall(f"sesv2: the referee does not know {operation}")
    other_contents = sorted(params.get("Content", {}).keys() - {"Simple"})
    if other_contents:
        raise UnknownCall(f"sesv2: raw mails and templates need other permissions ({', '.join(other_contents)})")
    name, address = parseaddr(params["FromEmailAddress"])
    _, _, domain = address.rpartition("@")
    resources = [f"identity/{address}", f"identity/{domain}"]
    if "ConfigurationSetName" in params:
        resources.append(f"configuration-set/{params['ConfigurationSetName']}")
    context: dict[str, str | list[str]] = {
        "ses:ApiVersion": "2",
        "ses:FromAddress": address,
        "ses:Recipients": _recipients(params["Destination"]),
    }
    if name:
        context["ses:FromDisplayName"] = name
    return [Question("ses:SendEmail", where.arn("ses", resource), context) for resource in resources]


def _recipients(destination: Mapping[str, list[str]]) -> list[str]:
    """Return the addresses of all recipients, without their names."""
    addresses = []
    for recipients in destination.values():
        for recipient in recipients:
            _, address = parseaddr(recipient)
            addresses.append(address)
    return addresses


def of_function(operation: str, params: Params, where: Where) -> list[Question]:
    """Return the question of a call of Lambda about an event source mapping."""
    if operation not in _MAPPING_ACTIONS:
        raise UnknownCall(f"lambda: the referee does not know {operation}")
    mapping = where.arn("lambda", f"event-source-mapping:{params['UUID']}")
    return [Question(f"lambda:{operation}", mapping, {})]
