"""Resolve CloudFormation's intrinsic functions (`Ref`, `Fn::Sub` etc.), as if the template were deployed.

No stack exists, so the names and ARNs of the resources are invented.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stack.judge.model import Where
from stack.template.cfn import NO_VALUE

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

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.value(each) for each in node if self._is_kept(each)]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        return {name: self.value(each) for name, each in node.items() if self._is_kept(each)}

    def _is_kept(self, node: Any) -> bool:
        """Return whether CloudFormation keeps a property with this value. It leaves out the value AWS::NoValue."""
        if isinstance(node, dict) and node.keys() == {"Fn::If"}:
            return self._is_kept(self._chosen(node["Fn::If"]))
        return bool(node != NO_VALUE)

    def _chosen(self, choice: list[Any]) -> Any:
        condition, value, otherwise = choice
        return value if self.holds(condition) else otherwise

    def name(self, logical_id: str) -> str:
        if logical_id in self._names:
            return self._names[logical_id]
        is_bucket = self._types.get(logical_id) == "AWS::S3::Bucket"
        name = f"{STACK}-{logical_id}"
        return name.lower() if is_bucket else name

    def _intrinsic(self, name: str, argument: Any) -> Any:
        if name == "Condition" and not isinstance(argument, str):
            return {name: self.value(argument)}  # The Condition of a policy statement, not a template condition.
        if name == "Ref":
            return self._ref(argument)
        if name == "Fn::GetAtt":
            return self._get_att(*argument)
        if name == "Fn::Sub":
            text, own = argument if isinstance(argument, list) else (argument, {})
            return _PLACEHOLDER.sub(lambda found: self._placeholder_value(found[1], own), text)
        if name == "Fn::Join":
            separator, parts = argument
            return separator.join(self.value(parts))
        if name == "Fn::If":
            return self.value(self._chosen(argument))
        return self._condition_holds(name, argument)

    def _condition_holds(self, name: str, argument: Any) -> bool:
        if name == "Condition":
            return self.holds(argument)
        operands = [self.value(each) for each in argument]
        if name == "Fn::Equals":
            left, right = operands
            return bool(left == right)
        if name == "Fn::Not":
            [operand] = operands
            return not operand
        if name == "Fn::Or":
            return any(operands)
        if name == "Fn::And":
            return all(operands)
        raise KeyError(name)

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

    def _placeholder_value(self, placeholder: str, own: Mapping[str, Any]) -> str:
        """`own`: the values that this Fn::Sub itself defines."""
        if placeholder in own:
            return str(self.value(own[placeholder]))
        name, _, attribute = placeholder.partition(".")
        return self._get_att(name, attribute) if attribute else self._ref(name)

    def _get_att(self, logical_id: str, attribute: str) -> str:
        kind = self._types[logical_id]
        name = self.name(logical_id)
        if kind == "AWS::S3::Bucket":
            arn = f"arn:aws:s3:::{name}"
            return arn if attribute == "Arn" else f"{name}.s3.{self.where.region}.amazonaws.com"
        if kind.startswith("AWS::CloudFront::"):
            return f"{name.lower()}.cloudfront.net" if attribute == "DomainName" else name
        service, form = _ARN_PARTS[kind]
        arn = self.where.arn(service, form.format(name))
        values = {"Arn": arn, "StreamArn": f"{arn}/stream/2026-01-01T00:00:00.000"}
        return values[attribute]
