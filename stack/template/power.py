"""The words of `rights.py`: each returns one statement of an IAM policy."""

from functools import partial
from typing import Any

from chalicelib.core.keys import SIGNATURES
from chalicelib.core.settings import Reputation
from stack.template.cfn import Template, get_att, ref, sub
from stack.template.functions import CONFIGURATION_SETS, event_source, logical_id
from stack.template.queues import dead_letters_id, queue_id
from stack.template.tables import KEY_ATTRIBUTES, KEYS, table_id

# Actions on a table. `+` joins them.
GET = ("dynamodb:GetItem",)
BATCH_GET = ("dynamodb:BatchGetItem",)
QUERY = ("dynamodb:Query",)
PUT = ("dynamodb:PutItem",)
UPDATE = ("dynamodb:UpdateItem",)
DESCRIBE = ("dynamodb:DescribeTable",)
_POLL_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_POLL_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_HERE = "${AWS::Region}:${AWS::AccountId}"


def may(
    actions: tuple[str, ...], table: str, *keys: str, only: str = "", returns: str = "", counts: bool = False
) -> Template:
    """Allow actions on the items with these partition keys. `*` stands for any text; without keys, all items.

    `only`: the attributes that a call may name, besides those of the keys. `returns`: what a write may return, such as
    ALL_OLD (the item before the write); the default is anything. `counts`: a query may only count items, not read one.
    """
    conditions: dict[str, Template] = {}
    if keys:
        conditions["ForAllValues:StringLike"] = {"dynamodb:LeadingKeys": [*keys]}
    if only:
        named = KEY_ATTRIBUTES if table == SIGNATURES else KEYS  # Only SIGNATURES has an index.
        conditions["ForAllValues:StringEquals"] = {"dynamodb:Attributes": [*named, *only.split(", ")]}
        # Otherwise a query could ask for all attributes, and a write could return the item.
        if actions == QUERY:
            conditions["StringEquals"] = {"dynamodb:Select": ["COUNT" if counts else "SPECIFIC_ATTRIBUTES"]}
        else:
            returns = "NONE"
    if returns:
        conditions["StringEquals"] = {"dynamodb:ReturnValues": returns.split(", ")}
    return _allow(actions, [get_att(table_id(table))], conditions)


def follows(table: str) -> Template:
    """A restored table has another stream."""
    return _allow(_POLL_STREAM, [sub(f"${{{table_id(table)}.Arn}}/stream/*")])


def leaves_failures(name: str) -> Template:
    """Allow Lambda to put what failed into a dead-letter queue."""
    return _allow(("sqs:SendMessage",), [get_att(dead_letters_id(name))])


def lists_files(*paths: str) -> Template:
    return _allow(("s3:ListBucket",), [get_att("ExportsBucket")], {"StringLike": {"s3:prefix": [*paths]}})


def sends_email(*reputations: Reputation) -> Template:
    sets = [f"configuration-set/${{{CONFIGURATION_SETS[each]}}}" for each in reputations]
    things = [_arn("ses", name) for name in ("identity/*", *sets)]
    sender = {"StringEquals": {"ses:FromAddress": [ref("MailFrom")]}}
    return _allow(("ses:SendEmail", "ses:SendRawEmail"), things, sender)


def switches(*senders: str) -> Template:
    """Allow to switch the queues of these functions off and on."""
    sources = (f"{logical_id(sender)}{event_source(sender, 'Sqs')}" for sender in senders)
    things = [_arn("lambda", f"event-source-mapping:${{{source}}}") for source in sources]
    return _allow(("lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"), things)


def writes_log(function: str) -> Template:
    log = _arn("logs", f"log-group:/aws/lambda/${{AWS::StackName}}-{logical_id(function)}-*:*")
    return _allow(("logs:CreateLogStream", "logs:PutLogEvents"), [log])


def asks(action: str) -> Template:
    """Allow an action for which IAM has no resource type."""
    return _allow((action,), ["*"])


def _on_queues(actions: tuple[str, ...], *names: str) -> Template:
    return _allow(actions, [get_att(queue_id(name)) for name in names])


def _on_files(actions: tuple[str, ...], *paths: str) -> Template:
    return _allow(actions, [sub(f"${{ExportsBucket.Arn}}/{path}") for path in paths])


sends = partial(_on_queues, ("sqs:SendMessage",))
receives = partial(_on_queues, _POLL_QUEUE)
delays = partial(_on_queues, ("sqs:ChangeMessageVisibility",))
measures = partial(_on_queues, ("sqs:GetQueueAttributes",))
writes_files = partial(_on_files, ("s3:PutObject", "s3:AbortMultipartUpload"))
reads_files = partial(_on_files, ("s3:GetObject",))
deletes_files = partial(_on_files, ("s3:DeleteObject",))


def _allow(actions: tuple[str, ...], resources: list[Any], conditions: Template | None = None) -> Template:
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": resources}
    return {**statement, "Condition": conditions} if conditions else statement


def _arn(service: str, resource: str) -> Template:
    return sub(f"arn:${{AWS::Partition}}:{service}:{_HERE}:{resource}")
