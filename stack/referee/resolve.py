"""Resolve CloudFormation's intrinsic functions (`Ref`, `Fn::Sub` etc.), as if the template were deployed.

No stack exists, so the names and ARNs of the resources are invented.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from stack.referee.model import Where
from stack.template.cfn import NO_VALUE

STACK = "petitions"
_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")
# By resource type: the service in the ARN, and the ARN's last part, into which the physical name is put.
_ARN_PARTS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}"),
    "AWS::SQS::Queue": ("sqs", "{}"),
    "AWS::SNS::Topic": ("sns", "{}"),
    "AWS::KMS::Key": ("kms", "key/{}"),
}


class Resolver:
    """Finds the values in a template. A resource's physical name is `petitions-<logical id>`.

    CloudFormation would also add a random suffix.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], where: Where) -> None:
        declared = {name: each.get("Default", "") for name, each in template["Parameters"].items()}
        self._parameters = {**declared, **parameters}
        self._conditions: Mapping[str, Any] = template.get("Conditions", {})
        self._types = {name: each.get("Type", "") for name, each in template["Resources"].items()}
        self.where = where

    def value(self, node: Any) -> Any:
        """Return the node with every intrinsic function in it replaced by its value."""
        if isinstance(node, list):
            return [self.value(each) for each in node if not self._is_left_out(each)]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name == "Ref" or name == "Condition" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        return {name: self.value(each) for name, each in node.items() if not self._is_left_out(each)}

    def _is_left_out(self, node: Any) -> bool:
        """Return whether CloudFormation leaves out a property with this value, because it results in AWS::NoValue."""
        if isinstance(node, dict) and len(node) == 1 and "Fn::If" in node:
            condition, value, otherwise = node["Fn::If"]
            return self._is_left_out(value if self.holds(condition) else otherwise)
        return bool(node == NO_VALUE)

    def name(self, logical_id: str) -> str:
        """Return the physical name of a resource. A bucket's name is in lower case."""
        is_bucket = self._types.get(logical_id) == "AWS::S3::Bucket"
        name = f"{STACK}-{logical_id}"
        return name.lower() if is_bucket else name

    def _intrinsic(self, name: str, argument: Any) -> Any:
        if name == "Condition" and not isinstance(argument, str):
            return {name: self.value(argument)}  # The Condition of a policy statement, not a template condition.
        functions: dict[str, Callable[[], Any]] = {
            "Ref": lambda: self._ref(argument),
            "Condition": lambda: self.value(self._conditions[argument]),
            "Fn::GetAtt": lambda: self._get_att(*argument),
            "Fn::Sub": lambda: _PLACEHOLDER.sub(lambda match: self._sub_value(match[1]), argument),
            "Fn::Join": lambda: argument[0].join(self.value(argument[1])),
            "Fn::If": lambda: self.value(argument[1 if self.holds(argument[0]) else 2]),
            "Fn::Equals": lambda: self.value(argument[0]) == self.value(argument[1]),
            "Fn::Not": lambda: not self.value(argument[0]),
            "Fn::Or": lambda: any(self.value(each) for each in argument),
            "Fn::And": lambda: all(self.value(each) for each in argument),
        }
        return functions[name]()

    def holds(self, condition: str) -> bool:
        """Return whether one of the template's conditions holds."""
        return bool(self.value(self._conditions[condition]))

    def _ref(self, name: str) -> str:
        pseudo = {
            "AWS::Region": self.where.region,
            "AWS::AccountId": self.where.account,
            "AWS::Partition": self.where.partition,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": STACK,
        }
        if name in pseudo:
            return pseudo[name]
        return self._parameters[name] if name in self._parameters else self.name(name)

    def _sub_value(self, placeholder: str) -> str:
        """Return the value of a placeholder of Fn::Sub: `Resource`, `Parameter` or `Resource.Attribute`."""
        logical_id, _, attribute = placeholder.partition(".")
        return self._get_att(logical_id, attribute) if attribute else self._ref(logical_id)

    def _get_att(self, logical_id: str, attribute: str) -> str:
        kind, name = self._types[logical_id], self.name(logical_id)
        if kind == "AWS::S3::Bucket":
            arn = f"arn:{self.where.partition}:s3:::{name}"
            return arn if attribute == "Arn" else f"{name}.s3.{self.where.region}.amazonaws.com"
        if kind.startswith("AWS::CloudFront::"):
            return f"{name.lower()}.cloudfront.net" if attribute == "DomainName" else name
        service, form = _ARN_PARTS[kind]
        arn = self.where.arn(service, form.format(name))
        return {"Arn": arn, "StreamArn": f"{arn}/stream/2026-01-01T00:00:00.000"}[attribute]
