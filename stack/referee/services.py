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
    name = urlsplit(str(params["QueueUrl"])).path.rpartition("/")[2]
    return [Question(f"sqs:{_QUEUE_ACTIONS[operation]}", where.arn("sqs", name), {})]


def of_mail(operation: str, params: Params, where: Where) -> list[Question]:
    """Return the questions of a call of SES: about the sender's identity, and the configuration set if there is one.

    The identity is the sender's address or its domain, whichever is verified in SES. The request does not say which of
    the two is verified, so the role must allow both.
    """
    if operation != "SendEmail":
        raise UnknownCall(f"sesv2: the referee does not know {operation}")
    if other := params.get("Content", {}).keys() - {"Simple"}:
        raise UnknownCall(f"sesv2: raw mails and templates need other permissions ({', '.join(sorted(other))})")
    name, address = parseaddr(params["FromEmailAddress"])
    resources = [f"identity/{address}", f"identity/{address.rpartition('@')[2]}"]
    if "ConfigurationSetName" in params:
        resources.append(f"configuration-set/{params['ConfigurationSetName']}")
    context: dict[str, str | list[str]] = {"ses:ApiVersion": "2", "ses:FromAddress": address}
    recipients = [each for addresses in params["Destination"].values() for each in addresses]
    context["ses:Recipients"] = [parseaddr(each)[1] for each in recipients]
    if name:
        context["ses:FromDisplayName"] = name
    return [Question("ses:SendEmail", where.arn("ses", resource), context) for resource in resources]


def of_function(operation: str, params: Params, where: Where) -> list[Question]:
    """Return the question of a call of Lambda about an event source mapping."""
    if operation not in _MAPPING_ACTIONS:
        raise UnknownCall(f"lambda: the referee does not know {operation}")
    return [Question(f"lambda:{operation}", where.arn("lambda", f"event-source-mapping:{params['UUID']}"), {})]
