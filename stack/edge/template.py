"""Read the CloudFront distributions from the packaged template, with its parameters replaced by their values."""

import json
import re
from collections.abc import Mapping
from typing import Any

from stack.edge import properties
from stack.edge.distribution import Behaviour, Distribution
from stack.edge.properties import Properties
from stack.judge.model import Where
from stack.judge.resolve import Resolver

_DEFAULT_METHODS = ["GET", "HEAD"]
_POLICY = "x-amazon-apigateway-policy"
_SECRET = re.compile(r"\{\{resolve:secretsmanager:([^:}]+):SecretString:?([^:}]*)\}\}")


def distributions(
    template: Mapping[str, Any], parameters: Mapping[str, str], where: Where, secrets: Mapping[str, str]
) -> dict[str, Distribution]:
    """Return the template's distributions, by logical id.

    `parameters`: values of template parameters; the other parameters have their defaults.
    `secrets`: the text of each secret, by its logical id. The text is JSON if the template reads single keys of it.
    """
    return _Reader(template, parameters, where, secrets).read()


def accepted_referers(
    template: Mapping[str, Any], parameters: Mapping[str, str], where: Where, secrets: Mapping[str, str]
) -> frozenset[str]:
    """Return the values of Referer that the API's resource policy accepts; empty if it accepts every request."""
    definition = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    policy = _Reader(template, parameters, where, secrets).value(definition[_POLICY])
    referers: set[str] = set()
    for statement in policy["Statement"]:
        # A Deny refuses every Referer except the values that it names.
        if statement["Effect"] == "Deny":
            referers.update(statement["Condition"]["StringNotEquals"]["aws:Referer"])
    return frozenset(referers)


class _Reader:
    """Reads the template for a stack in `where`. `secrets`: the text of each secret, by its logical id."""

    def __init__(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], where: Where, secrets: Mapping[str, str]
    ) -> None:
        self._resolver, self._secrets = Resolver(template, parameters, where), secrets
        self._resources: Mapping[str, Any] = template["Resources"]

    def read(self) -> dict[str, Distribution]:
        return {logical_id: self._distribution(logical_id) for logical_id in self._ids_of("Distribution")}

    def _distribution(self, logical_id: str) -> Distribution:
        config = self.value(self._resources[logical_id]["Properties"])["DistributionConfig"]
        behaviours = [self._behaviour(each) for each in config.get("CacheBehaviors", [])]
        groups = config.get("OriginGroups", {}).get("Items", [])
        errors = config.get("CustomErrorResponses", [])
        return Distribution(
            behaviours=tuple(behaviours),
            default=self._behaviour(config["DefaultCacheBehavior"]),
            origins={each["Id"]: properties.origin(each) for each in config["Origins"]},
            groups={each["Id"]: properties.group(each) for each in groups},
            errors={each["ErrorCode"]: properties.error_rule(each) for each in errors},
            domain=self.value({"Fn::GetAtt": [logical_id, "DomainName"]}),
        )

    def value(self, node: Any) -> Any:
        """Return the node with every intrinsic function (`Ref` etc.) and every secret in it replaced by its value."""
        return self._with_secrets(self._resolver.value(node))

    def _with_secrets(self, node: Any) -> Any:
        if isinstance(node, str):
            return _SECRET.sub(self._secret, node)
        if isinstance(node, list):
            return [self._with_secrets(each) for each in node]
        if isinstance(node, dict):
            return {name: self._with_secrets(each) for name, each in node.items()}
        return node

    def _secret(self, reference: re.Match[str]) -> str:
        """Return the text of the secret that a match of _SECRET names. If it also names a key, return the key's value.

        The name in the match is the secret's physical name.
        """
        name, key = reference.groups()
        [logical_id] = [each for each in self._secrets if self._resolver.name(each) == name]
        text = self._secrets[logical_id]
        if not key:
            return text
        return str(json.loads(text)[key])

    def _ids_of(self, kind: str) -> list[str]:
        """Return the logical ids of the CloudFront resources of a kind. Leave out those whose condition is false."""
        ids = []
        for logical_id, resource in self._resources.items():
            if resource.get("Type") != f"AWS::CloudFront::{kind}":
                continue
            if "Condition" not in resource or self._resolver.holds(resource["Condition"]):
                ids.append(logical_id)
        return ids

    def _properties_of(self, kind: str) -> dict[str, Properties]:
        """Return the properties of the CloudFront resources of a kind. The keys are what `Ref` returns."""
        found = {}
        for logical_id in self._ids_of(kind):
            reference = self._resolver.name(logical_id)
            found[reference] = self.value(self._resources[logical_id]["Properties"])
        return found

    def _behaviour(self, config: Properties) -> Behaviour:
        request_policy_id = config.get("OriginRequestPolicyId")
        headers_policy_id = config.get("ResponseHeadersPolicyId")
        headers_policies = self._properties_of("ResponseHeadersPolicy")
        added_headers = {}
        if headers_policy_id:
            headers_policy = headers_policies[headers_policy_id]
            added_headers = properties.added_headers(headers_policy["ResponseHeadersPolicyConfig"])
        return Behaviour(
            pattern=config.get("PathPattern"),
            origin=config["TargetOriginId"],
            allowed_methods=frozenset(config.get("AllowedMethods", _DEFAULT_METHODS)),
            cached_methods=frozenset(config.get("CachedMethods", _DEFAULT_METHODS)),
            compresses=properties.is_true(config.get("Compress", False)),
            cache=properties.cache_policy(config["CachePolicyId"], self._properties_of("CachePolicy")),
            request=properties.request_policy(request_policy_id, self._properties_of("OriginRequestPolicy")),
            added_headers=added_headers,
        )
