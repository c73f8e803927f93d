"""Read the CloudFront distributions from the packaged template, with its parameters replaced by their values."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stack.edge import properties
from stack.edge.distribution import Behaviour, Distribution
from stack.edge.properties import Properties
from stack.referee.model import Where
from stack.referee.resolve import Resolver
from stack.template.cfn import NO_VALUE

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
    return dict(_Reader(template, parameters, where, secrets).read())


def accepted_referers(
    template: Mapping[str, Any], parameters: Mapping[str, str], where: Where, secrets: Mapping[str, str]
) -> frozenset[str]:
    """Return the values of Referer that the API's resource policy accepts; empty if it accepts every request."""
    policy = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"].get(_POLICY, NO_VALUE)
    # In a list, because `value` leaves out a list entry that is NO_VALUE, or an `Fn::If` that results in it.
    policies = _Reader(template, parameters, where, secrets).value([policy])
    denials = [statement for each in policies for statement in each["Statement"] if statement["Effect"] == "Deny"]
    # Such a statement refuses every Referer except the values that it names.
    conditions = [statement["Condition"] for statement in denials]
    return frozenset(referer for each in conditions for referer in each["StringNotEquals"]["aws:Referer"])


class _Reader:
    """Reads the template for a stack in `where`. `secrets`: the text of each secret, by its logical id."""

    def __init__(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], where: Where, secrets: Mapping[str, str]
    ) -> None:
        self._resolver, self._secrets = Resolver(template, parameters, where), secrets
        self._resources: Mapping[str, Any] = template["Resources"]

    def read(self) -> Iterator[tuple[str, Distribution]]:
        for name in self._ids_of("Distribution"):
            config = self.value(self._resources[name]["Properties"])["DistributionConfig"]
            groups = config.get("OriginGroups", {}).get("Items", [])
            errors = config.get("CustomErrorResponses", [])
            yield (
                name,
                Distribution(
                    behaviours=tuple(self._behaviour(each) for each in config.get("CacheBehaviors", [])),
                    default=self._behaviour(config["DefaultCacheBehavior"]),
                    origins={each["Id"]: properties.origin(each) for each in config["Origins"]},
                    groups={each["Id"]: properties.group(each) for each in groups},
                    errors={each["ErrorCode"]: properties.error(each) for each in errors},
                    domain=self.value({"Fn::GetAtt": [name, "DomainName"]}),
                ),
            )

    def value(self, node: Any) -> Any:
        """Return the node with every intrinsic function (`Ref` etc.) and every secret in it replaced by its value."""
        return self._with_secrets(self._resolver.value(node))

    def _with_secrets(self, node: Any) -> Any:
        if isinstance(node, str):
            return _SECRET.sub(lambda found: self._secret(*found.groups()), node)
        if isinstance(node, list):
            return [self._with_secrets(each) for each in node]
        return {name: self._with_secrets(each) for name, each in node.items()} if isinstance(node, dict) else node

    def _secret(self, name: str, key: str) -> str:
        """Return the text of the secret with this physical name. If there is a key, return only this key's value."""
        [logical_id] = [each for each in self._secrets if self._resolver.name(each) == name]
        text = self._secrets[logical_id]
        return str(json.loads(text)[key]) if key else text

    def _ids_of(self, kind: str) -> list[str]:
        """Return the logical ids of the CloudFront resources of a kind. Leave out those whose condition is false."""
        found = {name: each for name, each in self._resources.items() if each.get("Type") == f"AWS::CloudFront::{kind}"}
        return [
            name for name, each in found.items() if "Condition" not in each or self._resolver.holds(each["Condition"])
        ]

    def _properties_of(self, kind: str) -> dict[str, Properties]:
        """Return the properties of the CloudFront resources of a kind. The keys are what `Ref` returns."""
        return {
            self._resolver.name(name): self.value(self._resources[name]["Properties"]) for name in self._ids_of(kind)
        }

    def _behaviour(self, config: Properties) -> Behaviour:
        policy = config.get("ResponseHeadersPolicyId")
        policies = self._properties_of("ResponseHeadersPolicy")
        return Behaviour(
            pattern=config.get("PathPattern"),
            origin=config["TargetOriginId"],
            allowed_methods=frozenset(config.get("AllowedMethods", _DEFAULT_METHODS)),
            cached_methods=frozenset(config.get("CachedMethods", _DEFAULT_METHODS)),
            compresses=properties.is_true(config.get("Compress", False)),
            cache=properties.cache_policy(config["CachePolicyId"], self._properties_of("CachePolicy")),
            request=properties.request_policy(
                config.get("OriginRequestPolicyId"), self._properties_of("OriginRequestPolicy")
            ),
            added_headers=properties.added_headers(policies[policy]["ResponseHeadersPolicyConfig"]) if policy else {},
        )
