"""What the template alone cannot do for the API's policy, which refuses requests without CloudFront's key."""

from collections.abc import Mapping
from typing import Any

from stack.aws import Cloud

NO_KEY = "AWS did not put the key of CloudFront into the policy of the API"
_PARAMETERS = ("EdgeDomain", "EdgeOnly", "OriginKey", "OriginKeyToo")


def describe_policy(template: dict[str, Any], values: Mapping[str, str]) -> None:
    """Write the parameters that the API's policy uses into the API's description.

    SAM deploys the API again only when the text of its definition changes (template/edge.py). `values`: the value of
    every parameter. Without a CDN, change nothing: the policy then accepts every request.
    """
    if values["EdgeDomain"]:
        info = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]
        info["description"] = ", ".join(f"{name} {values[name]}" for name in _PARAMETERS)


def must_wait(cloud: Cloud, planned: Mapping[str, str], outputs: Mapping[str, str]) -> bool:
    """Return whether EdgeOnly must stay no for now: no deployment has seen CloudFront's key in the API's policy yet.

    CloudFormation does not resolve references everywhere (docs/aws-facts.md). With the reference in place of the key,
    the API would refuse every request. `outputs`: those of the existing stack.
    """
    refuses_others = planned["EdgeDomain"] != "" and planned["EdgeOnly"] == "yes"
    return refuses_others and not cloud.is_emulated and not has_key(cloud, outputs)


def has_key(cloud: Cloud, outputs: Mapping[str, str]) -> bool:
    if "RestAPIId" not in outputs:
        return False
    policy = str(cloud.client("apigateway").get_rest_api(restApiId=outputs["RestAPIId"]).get("policy", ""))
    return "aws:Referer" in policy and "resolve:" not in policy
