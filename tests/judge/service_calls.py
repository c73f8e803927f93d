"""What AWS's services do with the resources of the stack, and the policies of these resources, which must allow it.

Sources: "Permissions for Lambda" and "Control access to a REST API with Lambda authorizers" (API Gateway developer
guide); "Set up SNS notifications" (SES developer guide); "Subscribing an Amazon SQS queue to an Amazon SNS topic" (SNS
developer guide).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from stack.judge.model import Question
from stack.judge.resolve import Resolver
from tests.judge.deciding import as_list

Resources = Mapping[str, Any]

# By the type of the resource that holds a policy: its property that names the resources to which the policy applies.
_TARGETS = {
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}
_FUNCTION_IN_URI = re.compile(r"\$\{(\w+)\.Arn\}")


class ServiceCall(NamedTuple):
    """A call that an AWS service makes. `service`: such as sns.amazonaws.com. `target`: the resource's logical id."""

    service: str
    target: str
    question: Question


class ResourcePolicies:
    """Reads the resources of a template."""

    def __init__(self, resources: Resources, resolver: Resolver) -> None:
        self._resources, self._resolver, self._where = resources, resolver, resolver.where

    def arn(self, target: str) -> str:
        return str(self._resolver.value({"Fn::GetAtt": [target, "Arn"]}))

    def of(self, target: str) -> dict[str, Any]:
        """Return the policy of a resource, with the statements of all resources that add to it."""
        statements: list[Any] = []
        for kind, holder in _TARGETS.items():
            for _, properties in self._of_type(kind):
                if target in [_logical_id(each) for each in as_list(properties[holder])]:
                    document = properties.get("PolicyDocument") or self._permission(target, properties)
                    statements += self._resolver.value(document)["Statement"]
        return {"Version": "2012-10-17", "Statement": statements}

    def _permission(self, function: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the policy that Lambda makes of a permission."""
        conditions = {
            "ArnLike": {"aws:SourceArn": properties.get("SourceArn")},
            "StringEquals": {"aws:SourceAccount": properties.get("SourceAccount")},
        }
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": properties["Principal"]},
            "Action": properties["Action"],
            "Resource": self.arn(function),
            "Condition": {operator: keys for operator, keys in conditions.items() if all(keys.values())},
        }
        return {"Statement": [statement]}

    def calls(self) -> Iterator[ServiceCall]:
        """Yield the calls that services must be able to make."""
        for name, properties in self._of_type("AWS::Serverless::Api"):
            yield from self._calls_of_api(self._resolver.name(name), properties)
        for _, properties in self._of_type("AWS::SES::ConfigurationSetEventDestination"):
            yield self._call_of_mail(properties)
        for _, properties in self._of_type("AWS::SNS::Subscription"):
            if properties["Protocol"] == "sqs":
                yield from self._calls_of_topic(properties)

    def _calls_of_api(self, api: str, properties: Mapping[str, Any]) -> Iterator[ServiceCall]:
        """Yield a call for each route, and one for each authorizer."""
        definition = properties["DefinitionBody"]
        for path, methods in definition["paths"].items():
            for method, operation in methods.items():
                uri = operation["x-amazon-apigateway-integration"].get("uri")
                if uri:  # Otherwise the gateway itself answers.
                    yield self._invocation(uri, f"{api}/{properties['StageName']}/{method.upper()}{path}")
        for scheme in definition["securityDefinitions"].values():
            yield self._invocation(scheme["x-amazon-apigateway-authorizer"]["authorizerUri"], f"{api}/authorizers/id")

    def _call_of_mail(self, properties: Mapping[str, Any]) -> ServiceCall:
        topic = _logical_id(properties["EventDestination"]["SnsDestination"]["TopicARN"])
        source = self._where.arn("ses", f"configuration-set/{_logical_id(properties['ConfigurationSetName'])}")
        return self._call("ses", "sns:Publish", topic, source, **{"aws:SourceAccount": self._where.account})

    def _calls_of_topic(self, properties: Mapping[str, Any]) -> Iterator[ServiceCall]:
        """Yield a call for the queue of a subscription, and one for its dead-letter queue."""
        topic = self.arn(_logical_id(properties["TopicArn"]))
        for queue in (properties["Endpoint"], properties["RedrivePolicy"]["deadLetterTargetArn"]):
            yield self._call("sns", "sqs:SendMessage", _logical_id(queue), topic)

    def _invocation(self, uri: Any, source: str) -> ServiceCall:
        [function] = _FUNCTION_IN_URI.findall(json.dumps(uri))
        return self._call("apigateway", "lambda:InvokeFunction", function, self._where.arn("execute-api", source))

    def _call(self, service: str, action: str, target: str, source: str, **context: str) -> ServiceCall:
        question = Question(action, self.arn(target), {"aws:SourceArn": source, **context})
        return ServiceCall(f"{service}.amazonaws.com", target, question)

    def _of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the logical id and the properties of each resource of this type."""
        for name, each in self._resources.items():
            if each["Type"] == kind:
                yield name, each["Properties"]


def _logical_id(reference: Mapping[str, Any]) -> str:
    """Return the logical id of the resource that a Ref or Fn::GetAtt names."""
    return str(reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0])
