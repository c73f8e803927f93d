"""The API of a site in use refuses no visitor unless CloudFront's key is in its policy, not the reference."""

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from stack.aws import Cloud
from stack.console import Failure
from stack.deploy import deploy_everything
from stack.judge.resolve import EMULATED, Resolver
from stack.package import Package
from tests.stack.test_protection import options
from tests.stack.test_us_east_1 import DOMAIN, options_with_cdn
from tests.template.packaged import API, EDGE_PARAMETERS, TEMPLATE

REFERENCE = "{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-2:1:secret:OriginKeys-1:SecretString:v1}}"
KEY = "k" * 43
KEY_IN_TEMPLATE = {"Fn::Sub": "{{resolve:secretsmanager:${OriginKeys}:SecretString:${OriginKey}}}"}
WITHOUT_CDN = {"RestAPIId": "api1", "HasSiteUrl": "yes", "IsProtected": "yes"}
WITH_CDN = {**WITHOUT_CDN, "EdgeArn": "arn:aws:cloudfront::1:distribution/E1"}
IN_USE = {"EdgeDomain": DOMAIN, "EdgeOnly": "no"}
pytestmark = pytest.mark.stack


class Account:
    """An AWS account whose CloudFormation puts `referer` into the API's policy in place of the key."""

    def __init__(self, patch: pytest.MonkeyPatch, package: Package, referer: str, **before: str) -> None:
        """`before`: the parameters of an existing stack."""
        self.deployed: list[dict[str, str]] = []
        self.descriptions: list[str] = []
        self.outputs = WITH_CDN if "EdgeDomain" in before else {}
        self._referer, self._parameters = referer, before
        self._policy: dict[str, Any] = self._policy_of(before) if before else {}
        api = SimpleNamespace(get_rest_api=lambda **_: {"policy": json.dumps(self._policy)})
        stacks = SimpleNamespace(update_termination_protection=lambda **_: None)
        self.cloud = Cloud(None, "eu-west-2", _clients={"apigateway": api, "cloudformation": stacks})
        patch.setattr("stack.deploy.check", lambda *_: None)
        patch.setattr("stack.deploy.package", lambda *_, **__: package)
        patch.setattr("stack.deploy.previous_values", lambda *_: self._parameters)
        patch.setattr("stack.deploy.current_outputs", lambda *_: self.outputs)
        patch.setattr("stack.deploy.prepare_bucket", lambda _: "bucket")
        patch.setattr("stack.deploy.upload", lambda *_: "key")
        patch.setattr("stack.deploy.upload_template", self._upload_template)
        patch.setattr("stack.deploy.changeset.create", self._deploy)
        arns = {"EdgeCertificateArn": "arn:aws:acm:us-east-1:1:certificate/1"}
        patch.setattr("stack.deploy.us_east_1.deploy_in_us_east_1", lambda *_: arns)

    def _upload_template(self, cloud: Cloud, bucket: str, template: dict[str, Any]) -> str:
        self.descriptions.append(
            template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]["description"]
        )
        return "https://s3/template"

    def _deploy(self, cloud: Cloud, stack: str, url: str, values: dict[str, str], declared: Any) -> None:
        self._parameters = {**self._parameters, **values}
        self.deployed.append(values)
        self._policy = self._policy_of(self._parameters)
        self.outputs = WITH_CDN if self._parameters.get("EdgeDomain") else WITHOUT_CDN

    def _policy_of(self, parameters: dict[str, str]) -> dict[str, Any]:
        text = json.dumps(Resolver(TEMPLATE, parameters, EMULATED).value(API["x-amazon-apigateway-policy"]))
        reference = Resolver(TEMPLATE, parameters, EMULATED).value(KEY_IN_TEMPLATE)
        policy: dict[str, Any] = json.loads(text.replace(reference, self._referer))
        return policy


@pytest.mark.parametrize("parameters", [{}, EDGE_PARAMETERS, {**EDGE_PARAMETERS, "EdgeOnly": "no"}])
def test_every_policy_has_the_key_in_a_statement_that_changes_nothing(parameters: dict[str, str]) -> None:
    policy = Resolver(TEMPLATE, parameters, EMULATED).value(API["x-amazon-apigateway-policy"])
    anybody, inert, *_ = policy["Statement"]
    assert "Condition" not in anybody
    assert inert.items() >= {name: value for name, value in anybody.items() if name != "Sid"}.items()
    assert Resolver(TEMPLATE, parameters, EMULATED).value(KEY_IN_TEMPLATE) in json.dumps(inert["Condition"])


@pytest.mark.parametrize(
    ("referer", "before", "edge_only"),
    [(KEY, {}, ["yes"]), (REFERENCE, {}, ["yes"]), (KEY, IN_USE, ["yes"]), (REFERENCE, IN_USE, [])],
    ids=["first", "first_without_the_key", "in_use", "in_use_without_the_key"],
)
def test_a_deployment_without_the_key_fails_and_never_refuses_visitors_of_a_site_in_use(
    monkeypatch: pytest.MonkeyPatch, local_package: Package, referer: str, before: dict[str, str], edge_only: list[str]
) -> None:
    account = Account(monkeypatch, local_package, referer, **before)
    with pytest.raises(Failure, match="EdgeOnly=no") if referer == REFERENCE else nullcontext():
        deploy_everything(account.cloud, options_with_cdn("EdgeOnly=yes"))
    assert [values["EdgeOnly"] for values in account.deployed] == edge_only


def test_only_a_new_key_makes_api_gateway_publish_its_policy_again(
    monkeypatch: pytest.MonkeyPatch, local_package: Package
) -> None:
    """SAM publishes the API only if the text of its definition changes, and it does not read parameters."""
    account = Account(monkeypatch, local_package, KEY)
    for chosen in (options_with_cdn("EdgeOnly=no"), options("crowd"), options("crowd", "OriginKeyToo=v2")):
        deploy_everything(account.cloud, chosen)
    common = f"EdgeDomain {DOMAIN}, EdgeOnly no, OriginKey v1"
    assert account.descriptions == [*[f"{common}, OriginKeyToo v1"] * 2, f"{common}, OriginKeyToo v2"]
