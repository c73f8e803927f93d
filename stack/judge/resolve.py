"""Resolve CloudFormation's intrinsic functions (`Ref`, `Fn::Sub` etc.), as if the template were deployed.

No stack exists, so the names and ARNs of the resources are invented.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from stack.judge.model import Where
from stack.paths import REGION
from stack.template.cfn import NO_VALUE
from stack.template.functions import logical_id
from stack.template.merge import merge_template

HERE = Where("eu-west-2", "123456789012")
"""An invented account and region, for resolved policies and for calls in tests without an emulator."""

EMULATED = Where(REGION, "000000000000")
"""The account and region of the emulator."""

PARAMETERS = MappingProxyType({"Stage": "prod", "MailFrom": "petitions@example.org"})

STACK = "petitions"
# A placeholder of Fn::Sub, such as `${Stage}`. `${!Stage}` stands for the text `${Stage}`, so it is left out.
_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")
# By resource type: the service in the ARN, and the ARN's last part, into which the physical name is put.
_ARN_PARTS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}"),
    "AWS::SQS::Queue": ("sqs", "{}"),
    "AWS::SNS::Topic": ("sns", "{}"),
    "AWS::Serverless::Function": ("lambda", "function:{}"),
}


class Resolver:
    """Finds the values in a template. `names`: the physical names of resources, by logical id.

    Every other resource has the name `petitions-<logical id>`. CloudFormation would also add a random suffix.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        where: Where,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        defaults = {name: declared.get("Default", "") for name, declared in template["Parameters"].items()}
        self._parameters: dict[str, str] = {**defaults, **parameters}
        self._conditions: Mapping[str, Any] = template.get("Conditions", {})
        self._types = {name: resource.get("Type", "") for name, resource in template["Resources"].items()}
        self.where = where
        self._names = names
        self._intrinsics: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: NO_VALUE if name == "AWS::NoValue" else self._ref(name),
            "Condition": self.holds,
            "Fn::GetAtt": lambda argument: self._get_att(*argument),
            "Fn::Sub": self._sub,
            "Fn::If": lambda argument: self._if(*argument),
            "Fn::Equals": lambda operands: self.value(operands[0]) == self.value(operands[1]),
            "Fn::Not": lambda operands: not self.value(operands[0]),
            "Fn::And": lambda operands: all(map(self.value, operands)),
            "Fn::Or": lambda operands: any(map(self.value, operands)),
        }

    def value(self, node: Any) -> Any:
        """CloudFormation leaves out the value AWS::NoValue in a list or an object."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value != NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            # The Condition of a policy statement is an object; that of a template is a name.
            if name == "Ref" or name.startswith("Fn::") or (name == "Condition" and isinstance(argument, str)):
                return self._intrinsics[name](argument)
        values = {name: self.value(each) for name, each in node.items()}
        return {name: value for name, value in values.items() if value != NO_VALUE}

    def name(self, logical_id: str) -> str:
        if logical_id in self._names:
            return self._names[logical_id]
        is_bucket = self._types.get(logical_id) == "AWS::S3::Bucket"
        name = f"{STACK}-{logical_id}"
        return name.lower() if is_bucket else name

    def _sub(self, argument: Any) -> str:
        # `own`: the values that this Fn::Sub itself defines.
        text, own = argument if isinstance(argument, list) else (argument, {})

        def replaced(placeholder: re.Match[str]) -> str:
            name, _, attribute = placeholder[1].partition(".")
            if placeholder[1] in own:
                return str(self.value(own[placeholder[1]]))
            return self._get_att(name, attribute) if attribute else self._ref(name)

        return _PLACEHOLDER.sub(replaced, text)

    def _if(self, condition: str, value: Any, otherwise: Any) -> Any:
        return self.value(value if self.holds(condition) else otherwise)

    def holds(self, condition: str) -> bool:
        return bool(self.value(self._conditions[condition]))

    def _ref(self, name: str) -> str:
        """For some resources, AWS returns a URL or an id instead of the name, but no policy has a `Ref` to one."""
        pseudo = {
            "AWS::Region": self.where.region,
            "AWS::AccountId": self.where.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": STACK,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        is_topic = self._types.get(name) == "AWS::SNS::Topic"
        return self._get_att(name, "Arn") if is_topic else self.name(name)

    def _get_att(self, logical_id: str, attribute: str) -> str:
        kind = self._types[logical_id]
        name = self.name(logical_id)
        if kind == "AWS::S3::Bucket":
            return f"arn:aws:s3:::{name}"
        service, form = _ARN_PARTS[kind]
        arn = self.where.arn(service, form.format(name))
        return f"{arn}/stream/2026-01-01T00:00:00.000" if attribute == "StreamArn" else arn


def resolver(
    parameters: Mapping[str, str] = PARAMETERS, where: Where = HERE, names: Mapping[str, str] = MappingProxyType({})
) -> Resolver:
    return Resolver(merge_template(), parameters, where, names)


def principal(function: str, where: Where = HERE) -> str:
    """Return the session of a function's role, as it makes calls."""
    name = f"petitions-{logical_id(function)}"
    return f"arn:aws:sts::{where.account}:assumed-role/{name}Role/{name}"
