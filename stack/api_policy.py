"""What the template alone cannot do for the API's policy, which refuses requests without CloudFront's key."""

from collections.abc import Mapping
from typing import Any

from stack.aws import Cloud
from stack.console import Failure

_PARAMETERS = ("EdgeDomain", "EdgeOnly", "OriginKey", "OriginKeyToo")


def describe_policy(template: dict[str, Any], values: Mapping[str, str]) -> None:
    """Write the parameters that the API's policy uses into the API's description.

    SAM deploys the API again only when the text of its definition changes (template/edge.yaml). `values`: the value of
    every parameter. Without a CDN, change nothing: the policy then accepts every request.
    """
    if values["EdgeDomain"]:
        info = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]
        info["description"] = ", ".join(f"{name} {values[name]}" for name in _PARAMETERS)


def require_key(cloud: Cloud, outputs: Mapping[str, str]) -> None:
    """Raise Failure unless CloudFront's key is in the API's policy. `outputs`: those of the stack.

    CloudFormation does not resolve references everywhere (docs/aws-facts.md). With the reference in place of the key,
    and EdgeOnly=yes, the API refuses every request.
    """
    policy = str(cloud.client("apigateway").get_rest_api(restApiId=outputs["RestAPIId"]).get("policy", ""))
    if "aws:Referer" not in policy or "resolve:" in policy:
        raise Failure(
            "AWS did not put the key of CloudFront into the policy of the API, so EdgeOnly=yes refuses everybody:"
            ' deploy with SET="EdgeOnly=no"'
        )
