"""What AWS's services do is allowed by the resources' policies, and what a stranger does is not."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stack.judge.engine import decide
from stack.judge.model import Question
from stack.judge.policies import HERE, PARAMETERS
from stack.judge.resolve import Resolver
from stack.paths import ROOT
from tests.judge.service_calls import ResourcePolicies, ServiceCall
from tests.template.packaged import TEMPLATE

pytestmark = pytest.mark.xdist_group("judge")

OTHER_ACCOUNT = "999999999999"
KEY = HERE.arn("kms", "key/11111111-2222-3333-4444-555555555555")
ROLE, ADMINISTRATOR, DEPLOYER = (
    f"arn:aws:iam::{HERE.account}:role/{name}" for name in ("petitions-prod-APIHandlerRole-1x", "admin", "deployer")
)
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# What each service does with the key for the caller: "Encryption at rest usage notes" (DynamoDB developer guide), "Key
# management" (SQS developer guide), "Using server-side encryption with AWS KMS keys" (S3 user guide).
KEY_USES = {
    "dynamodb": ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "DescribeKey"),
    "sqs": ("GenerateDataKey", "Decrypt"),
    "s3": ("GenerateDataKey", "Decrypt"),
}


def key_policy() -> Any:
    """Return the policy in docs/deploy.md for a charity's own key."""
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [document] = [each for each in re.findall(r"```json\n(.+?)```", text, re.DOTALL) if "kms:ViaService" in each]
    for name, value in {"account": HERE.account, "region": HERE.region, "who deploys": "deployer"}.items():
        document = document.replace(f"<{name}>", value)
    return json.loads(document)


def wrong(template: Any) -> Iterator[str]:
    """Yield what a service may not do with a resource of the template, and what a stranger may."""
    policies = ResourcePolicies(template["Resources"], Resolver(template, PARAMETERS, HERE))
    for call in policies.calls():
        policy = policies.of(call.target)
        if not policy["Statement"] or not admits(policy, call):
            yield f"{call} is refused"
        for stranger in strangers(call):
            if policy["Statement"] and admits(policy, stranger):
                yield f"{stranger} is allowed"
    for bucket in [name for name, each in template["Resources"].items() if each["Type"] == "AWS::S3::Bucket"]:
        for tls, is_allowed in (("true", True), ("false", False)):
            read = Question("s3:GetObject", f"{policies.arn(bucket)}/key", {"aws:SecureTransport": tls})
            if decide([ANYTHING], read, ROLE, policies.of(bucket)).allowed is not is_allowed:
                yield f"{bucket}: a role that may read can read with TLS {tls}: {not is_allowed}"


def admits(policy: Any, call: ServiceCall) -> bool:
    return decide([], call.question, call.service, policy, HERE.account).allowed


def strangers(call: ServiceCall) -> Iterator[ServiceCall]:
    """Yield the same call from another service, another account, and another source in this account."""
    yield call._replace(service="events.amazonaws.com")
    context = call.question.context
    elsewhere = {name: str(value).replace(HERE.account, OTHER_ACCOUNT) for name, value in context.items()}
    yield call._replace(question=replace(call.question, context=elsewhere))
    if call.service != "ses.amazonaws.com":  # All configuration sets of the account may publish.
        other = re.sub("petitions-[A-Za-z]+", "another", str(context["aws:SourceArn"]))
        assert other != context["aws:SourceArn"]
        yield call._replace(question=replace(call.question, context={**context, "aws:SourceArn": other}))


def wrong_key(policy: Any) -> Iterator[str]:
    """Yield what functions and deployer may not do with the key, and what others may."""

    def admits(action: str, service: str, caller: str) -> bool:
        via = {"kms:ViaService": f"{service}.{HERE.region}.amazonaws.com"} if service else {}
        context = {"kms:CallerAccount": HERE.account, "aws:PrincipalArn": caller, **via}
        return decide([], Question(f"kms:{action}", KEY, context), caller, policy).allowed

    for service, actions in KEY_USES.items():
        yield from (f"{service}: {action}" for action in actions if not admits(action, service, ROLE))
        yield from (f"anybody: {action}" for action in actions if admits(action, service, ADMINISTRATOR))
    yield from (
        f"deployer: {name}" for name in ("DescribeKey", "CreateGrant") if not admits(name, "dynamodb", DEPLOYER)
    )
    yield from (f"directly: {name}" for name in ("Decrypt", "CreateGrant") if admits(name, "", ROLE))


def test_services_may_do_their_work_and_strangers_may_do_nothing() -> None:
    assert [*wrong(TEMPLATE)] == []
    assert [*wrong_key(key_policy())] == []


def test_the_calls_of_every_service_are_found() -> None:
    policies = ResourcePolicies(TEMPLATE["Resources"], Resolver(TEMPLATE, PARAMETERS, HERE))
    found = {(call.service.partition(".")[0], call.target) for call in policies.calls()}
    permitted = {
        ("apigateway", name.removesuffix("InvokePermission"))
        for name, each in TEMPLATE["Resources"].items()
        if each["Type"] == "AWS::Lambda::Permission"
    }
    assert found == {
        *permitted,
        ("ses", "MailEventsTopic"),
        ("sns", "FeedbackQueue"),
        ("sns", "FeedbackDeadLetterQueue"),
    }
