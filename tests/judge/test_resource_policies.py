"""What AWS's services do is allowed by the resources' policies, and what a stranger does is not."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stack.judge.engine import decide
from stack.judge.model import Question
from stack.judge.resolve import HERE, PARAMETERS, Resolver
from stack.paths import ROOT
from tests.template.packaged import API, RESOURCES, TEMPLATE, integrations, logical_id, of_type

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


RESOLVER = Resolver(TEMPLATE, PARAMETERS, HERE)
TOPIC, QUEUE, DEAD_LETTERS = (
    RESOLVER.value({"Fn::GetAtt": [name, "Arn"]})
    for name in ("MailEventsTopic", "FeedbackQueue", "FeedbackDeadLetterQueue")
)
FROM_MAIL = {"aws:SourceAccount": HERE.account, "aws:SourceArn": HERE.arn("ses", "configuration-set/petitions")}
# What services do: "Set up SNS notifications" (SES developer guide), "Subscribing an Amazon SQS queue to an Amazon SNS
# topic" (SNS developer guide). All configuration sets of the account may publish.
CALLS = {
    "MailEventsTopicPolicy": ("ses", Question("sns:Publish", TOPIC, FROM_MAIL), "aws:SourceAccount"),
    "FeedbackQueuePolicy": ("sns", Question("sqs:SendMessage", QUEUE, {"aws:SourceArn": TOPIC}), "aws:SourceArn"),
    "FeedbackDeadLetterQueuePolicy": (
        "sns",
        Question("sqs:SendMessage", DEAD_LETTERS, {"aws:SourceArn": TOPIC}),
        "aws:SourceArn",
    ),
}


def policy_of(name: str) -> Any:
    return RESOLVER.value(RESOURCES[name]["Properties"]["PolicyDocument"])


@pytest.mark.parametrize("name", CALLS)
def test_a_service_may_do_its_work_and_strangers_may_do_nothing(name: str) -> None:
    """A stranger is another service, or the same service for another account or topic."""
    declared = RESOURCES[name]["Properties"]
    assert [{"Ref": name.removesuffix("Policy")}] in (declared.get("Queues"), declared.get("Topics"))
    service, question, source = CALLS[name]
    elsewhere = replace(question, context={**question.context, source: OTHER_ACCOUNT})
    calls = ((service, question, True), ("events", question, False), (service, elsewhere, False))
    for caller, asked, is_allowed in calls:
        decision = decide([], asked, f"{caller}.amazonaws.com", policy_of(name), HERE.account)
        assert decision.allowed is is_allowed, (caller, asked)


def test_mails_events_go_to_the_feedback_queues() -> None:
    destination, subscription = (RESOURCES[name]["Properties"] for name in ("MailEvents", "MailEventsSubscription"))
    assert destination["EventDestination"]["SnsDestination"] == {"TopicARN": subscription["TopicArn"]}
    targets = [subscription["Endpoint"], subscription["RedrivePolicy"]["deadLetterTargetArn"]]
    assert RESOLVER.value(targets) == [QUEUE, DEAD_LETTERS]


def test_a_role_that_may_read_a_file_reads_it_over_tls_only() -> None:
    for tls in ("true", "false"):
        read = Question("s3:GetObject", "arn:aws:s3:::petitions-exportsbucket/key", {"aws:SecureTransport": tls})
        assert decide([ANYTHING], read, ROLE, policy_of("ExportsBucketPolicy")).allowed is (tls == "true")


def test_only_this_api_may_call_the_functions_that_it_names() -> None:
    schemes = API["securityDefinitions"].values()
    authorizers = [scheme["x-amazon-apigateway-authorizer"]["authorizerUri"] for scheme in schemes]
    named = {function for _, _, function in integrations()} | {*re.findall(r"\$\{(\w+)\.Arn\}", str(authorizers))}
    permissions = of_type("AWS::Lambda::Permission").values()
    assert {logical_id(each["FunctionName"]) for each in permissions} == named
    for each in permissions:
        assert (each["Action"], each["Principal"]) == ("lambda:InvokeFunction", "apigateway.amazonaws.com")
        assert RESOLVER.value(each["SourceArn"]) == HERE.arn("execute-api", "petitions-RestAPI/*")


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


def test_functions_and_deployer_may_use_a_key_of_the_charitys_own_and_others_may_not() -> None:
    assert [*wrong_key(key_policy())] == []
