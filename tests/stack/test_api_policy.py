"""After a deployment with a CDN, the API's policy contains the CDN's key, and not the reference to it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from stack.aws import Cloud
from stack.console import Failure
from stack.deploy import deploy
from stack.package import Package

REFERENCE = "{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-2:1:secret:OriginKeys-1:SecretString:v1}}"
WITH_CDN = {"EdgeArn": "arn:aws:cloudfront::1:distribution/E1", "RestAPIId": "api1"}
pytestmark = pytest.mark.stack


def deploy_unchanged(
    monkeypatch: pytest.MonkeyPatch,
    package: Package,
    referer: str,
    outputs: dict[str, str],
    endpoint: str | None = None,
) -> dict[str, str]:
    """Deploy without changes, to an account whose API has a policy with this referer, or to an emulator."""
    condition = {"StringNotEquals": {"aws:Referer": [referer]}}
    api = {"id": "api1", "policy": json.dumps({"Statement": [{"Effect": "Deny", "Condition": condition}]})}
    monkeypatch.setattr("stack.deploy.previous_values", lambda cloud, stack: {})
    monkeypatch.setattr("stack.deploy._publish", lambda cloud, built, values: "https://s3/template")
    monkeypatch.setattr("stack.deploy.changeset.create", lambda *_: None)
    monkeypatch.setattr("stack.deploy.current_outputs", lambda cloud, stage: outputs)
    clients: dict[str, Any] = {"apigateway": SimpleNamespace(get_rest_api=lambda **_: api)}
    return deploy(Cloud(endpoint, _clients=clients), package, "prod", {}, lambda change_set: True)


def test_an_api_that_refuses_every_visitor_is_reported_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, local_package: Package
) -> None:
    with pytest.raises(Failure, match='Deploy with SET="EdgeOnly=no" now'):
        deploy_unchanged(monkeypatch, local_package, REFERENCE, WITH_CDN)


def test_an_api_whose_policy_has_the_key_is_deployed(monkeypatch: pytest.MonkeyPatch, local_package: Package) -> None:
    assert deploy_unchanged(monkeypatch, local_package, "k" * 43, WITH_CDN) == WITH_CDN


@pytest.mark.parametrize(("outputs", "endpoint"), [({"RestAPIId": "api1"}, None), (WITH_CDN, "http://127.0.0.1:1")])
def test_the_policy_is_read_only_on_aws_and_with_a_cdn(
    monkeypatch: pytest.MonkeyPatch, local_package: Package, outputs: dict[str, str], endpoint: str | None
) -> None:
    assert deploy_unchanged(monkeypatch, local_package, REFERENCE, outputs, endpoint) == outputs
