"""The words of `rights.py`: what one power is, and the statement that it becomes in an IAM policy."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from stack.template.cfn import Template, get_att, ref, sub
from stack.template.functions import event_source, logical_id
from stack.template.queues import dead_letters_id, queue_id
from stack.template.tables import KEY_ATTRIBUTES, table_id

# Actions on a table. `+` joins them.
GET = ("dynamodb:GetItem",)
BATCH_GET = ("dynamodb:BatchGetItem",)
QUERY = ("dynamodb:Query",)
PUT = ("dynamodb:PutItem",)
UPDATE = ("dynamodb:UpdateItem",)
DESCRIBE = ("dynamodb:DescribeTable",)


class Thing(NamedTuple):
    """`name`: as in docs/deploy.md."""

    name: str
    arn: Any


class Limit(NamedTuple):
    operator: str
    key: str
    allowed: tuple[Any, ...]


@dataclass(frozen=True)
class Power:
    actions: tuple[str, ...]
    things: tuple[Thing, ...]
    limits: tuple[Limit, ...] = ()

    def name(self) -> str:
        """Return a name for the statement, such as GetItemQueryCountsTable. Two powers may have the same name."""
        actions = "".join(action.partition(":")[2] for action in self.actions)
        words = re.findall(r"\w+", self.things[0].name)
        return actions + "".join(word[0].upper() + word[1:] for word in words)

    def statement(self) -> Template:
        conditions: dict[str, Template] = {}
        for limit in self.limits:
            conditions.setdefault(limit.operator, {})[limit.key] = list(limit.allowed)
        arns = [thing.arn for thing in self.things]
        resource = arns[0] if len(arns) == 1 else arns
        statement = {"Effect": "Allow", "Action": list(self.actions), "Resource": resource}
        return {**statement, "Condition": conditions} if conditions else statement


def may(actions: tuple[str, ...], table: str, *keys: str, only: str = "", returns: str = "") -> Power:
    """Allow actions on the items with these partition keys. `*` stands for any text; without keys, all items.

    `only`: the attributes that a call may name, besides those of the keys. `returns`: what a write may return, such as
    ALL_OLD (the item before the write); the default is anything.
    """
    limits = []
    if keys:
        limits.append(Limit("ForAllValues:StringLike", "dynamodb:LeadingKeys", keys))
    if only:
        attributes = (*KEY_ATTRIBUTES, *only.split(", "))
        limits.append(Limit("ForAllValues:StringEquals", "dynamodb:Attributes", attributes))
        # Otherwise a query could ask for all attributes, and a write could return the item.
        if actions == QUERY:
            limits.append(Limit("StringEquals", "dynamodb:Select", ("SPECIFIC_ATTRIBUTES",)))
        else:
            returns = "NONE"
    if returns:
        limits.append(Limit("StringEquals", "dynamodb:ReturnValues", tuple(returns.split(", "))))
    return Power(actions, (_resource(table_id(table)),), tuple(limits))


def follows(table: str) -> Power:
    """A restored table has another stream."""
    actions = ("DescribeStream", "GetRecords", "GetShardIterator")
    return Power(_of("dynamodb", *actions), (_inside(table_id(table), "/stream/*"),))


def lists_streams() -> Power:
    return Power(("dynamodb:ListStreams",), _ANYTHING)


def sends(*queues: str) -> Power:
    return Power(("sqs:SendMessage",), _queues(queues))


def leaves_failures(name: str) -> Power:
    """Allow Lambda to put what failed into a dead-letter queue."""
    return Power(("sqs:SendMessage",), (_resource(dead_letters_id(name)),))


def receives(queue: str) -> Power:
    return Power(_of("sqs", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"), _queues([queue]))


def delays(queue: str) -> Power:
    return Power(("sqs:ChangeMessageVisibility",), _queues([queue]))


def measures(*queues: str) -> Power:
    return Power(("sqs:GetQueueAttributes",), _queues(queues))


def writes_files(*paths: str) -> Power:
    return Power(_of("s3", "PutObject", "AbortMultipartUpload"), _files(paths))


def reads_files(*paths: str) -> Power:
    return Power(("s3:GetObject",), _files(paths))


def deletes_files(*paths: str) -> Power:
    return Power(("s3:DeleteObject",), _files(paths))


def lists_files(*paths: str) -> Power:
    return Power(("s3:ListBucket",), (_resource(_BUCKET),), (Limit("StringLike", "s3:prefix", paths),))


def sends_email() -> Power:
    things = tuple(_arn("ses", name) for name in ("identity/*", "configuration-set/${MailConfigurationSet}"))
    sender = Limit("StringEquals", "ses:FromAddress", (ref("MailFrom"),))
    return Power(_of("ses", "SendEmail", "SendRawEmail"), things, (sender,))


def asks_ses(action: str) -> Power:
    return Power(_of("ses", action), _ANYTHING)


def switches(*senders: str) -> Power:
    """Allow to switch the queues of these functions off and on."""
    sources = (f"{logical_id(sender)}{event_source(sender, 'Sqs')}" for sender in senders)
    things = tuple(_arn("lambda", f"event-source-mapping:${{{source}}}") for source in sources)
    return Power(_of("lambda", "GetEventSourceMapping", "UpdateEventSourceMapping"), things)


def writes_log(function: str) -> Power:
    log = _arn("logs", f"log-group:/aws/lambda/${{AWS::StackName}}-{logical_id(function)}-*:*")
    return Power(_of("logs", "CreateLogStream", "PutLogEvents"), (log,))


_BUCKET = "ExportsBucket"
# IAM has no resource type for such actions.
_ANYTHING = (Thing("*", "*"),)


def _of(service: str, *actions: str) -> tuple[str, ...]:
    return tuple(f"{service}:{action}" for action in actions)


def _queues(names: Iterable[str]) -> tuple[Thing, ...]:
    return tuple(_resource(queue_id(name)) for name in names)


def _files(paths: Iterable[str]) -> tuple[Thing, ...]:
    return tuple(_inside(_BUCKET, f"/{path}") for path in paths)


def _resource(logical: str) -> Thing:
    return Thing(logical, get_att(logical))


def _inside(logical: str, path: str) -> Thing:
    return Thing(f"{logical}{path}", sub(f"${{{logical}.Arn}}{path}"))


def _arn(service: str, resource: str) -> Thing:
    arn = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
    return Thing(f"{service}:{resource.replace('${', '').replace('}', '')}", sub(arn))
