"""Code, config.json, policies and resources.json held together over the template Chalice makes of them."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import BuildStage, InjectDefaults, PolicyGenerator, SwaggerBuilder
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, ResourceBuilder, SAMTemplateGenerator, TemplateDeepMerger
from chalice.policy import AppPolicyGenerator
from chalice.utils import OSUtils, to_cfn_resource_name

from app import app
from benchmarks import declared
from chalicelib.aws.expressions import wire_key
from chalicelib.aws.table import Tables
from chalicelib.core import keys, settings as settings_of
from chalicelib.core.metrics import NAMESPACE, REFUSALS, Metric, refused
from chalicelib.core.settings import settings
from chalicelib.edge import placeholders
from chalicelib.edge.http import PROBLEM
from chalicelib.edge.site_app import CATCH_ALL
from chalicelib.exports import deliver, gather
from chalicelib.exports.model import LIFETIME, LINK_SECONDS, SETTLING
from chalicelib.exports.run import FOR_A_PART, FOR_DELIVERY
from chalicelib.mail import compose
from chalicelib.mail.batch_sender import BUDGET_SECONDS
from chalicelib.mail.pace import CONFIRMATIONS, LEAST_SENDERS, MOST_SENDERS, OTHERS, senders_for
from chalicelib.mail.send import CLAIM
from chalicelib.pages import render
from chalicelib.projections.changes import increments
from chalicelib.signatures import mail_state
from chalicelib.signatures.model import PERSONAL, MailKind, Signature, State
from chalicelib.signatures.walk import ANONYMOUS, EXPORTED
from chalicelib.staff.authorizer import ANYBODY, BEFORE_THE_DOOR, ROUTES
from stack import preflight
from tests.actors import NOW, OPENED, a_petition

ROOT = Path(__file__).parents[1]
CHALICE = ROOT / ".chalice"
CODE = ROOT / "chalicelib"
CONFIG: dict[str, Any] = json.loads((CHALICE / "config.json").read_text())
MERGE: dict[str, Any] = json.loads((CHALICE / "resources.json").read_text())

# Where a secret goes, and nowhere else. Manage signs the links of previews, and the public pages read them.
# Counts signs statements. It could sign a link too, but of no signature: it can name none (docs/decisions/022).
SECRETS = {
    "SIGNATURE_KEYS": {"APIHandler", "People"},
    "TOKEN_KEYS": {"APIHandler", "Counts", "Links", "Manage", "SendMail", "SendOtherMail"},
}
# A query's first page names the partition key, each further page both (ExclusiveStartKey).
KEY = ("pk", "sk")
# Whoever turns the senders' taps is told which they are.
SOURCES = {"MAIL_SOURCE": {"WatchMail"}, "OTHER_MAIL_SOURCE": {"WatchMail"}}
# Who staff sign in with, and our secret there.
OIDC = {f"OIDC_{name}": {"SignIn"} for name in settings_of.OIDC}
SENDERS = {"SendMail": "MailQueue", "SendOtherMail": "OtherMailQueue"}
QUEUE_OF = {
    **SENDERS,
    "ReceiveFeedback": "FeedbackQueue",
    "StoreOverflow": "OverflowQueue",
    "RunExport": "ExportsQueue",
}
# IAM knows no resource for it, so only "*" allows it.
WITHOUT_RESOURCE = ["dynamodb:ListStreams"]
STREAM_READERS = {"RelayMail", "ProjectSignatures"}
FUNCTION_OF = {
    "/confirm": "Links",
    "/withdraw": "Links",
    "/unsubscribe": "Links",
    "/api/petitions/{slug}/count": "Counts",
    "GET /api/staff/petitions": "Counts",
    "POST /api/staff/petitions": "Manage",
    "/api/staff/petitions/{slug}": "Manage",
    "/api/staff/petitions/{slug}/state": "Manage",
    "/api/staff/petitions/{slug}/versions": "Manage",
    "/api/staff/petitions/{slug}/preview": "Manage",
    "/api/staff/petitions/{slug}/counts": "Counts",
    "/api/staff/petitions/{slug}/exports": "Exports",
    "/api/staff/exports/{export_id}": "Exports",
    "/api/staff/exports/{export_id}/file": "Exports",
    "/api/staff/exports/{export_id}/cover": "Exports",
    "/api/staff/petitions/{slug}/statements": "Counts",
    "/api/statements/{token}": "Counts",
    "/api/staff/health": "Counts",
    "/statements/{token}": "Counts",
    "/api/staff/petitions/{slug}/funnel": "Counts",
    "/api/staff/me": "Manage",
    "/api/staff/tokens": "Manage",
    "/api/staff/tokens/{token_id}": "Manage",
    "/api/staff/audit": "Manage",
    "/api/staff/people/find": "People",
    "/api/staff/people/{slug}/{signature_id}": "People",
    **{
        f"/api/staff/people/{{slug}}/{{signature_id}}/{deed}": "People"
        for deed in ("resend", "withdraw", "erase", "access")
    },
    "/api/staff/sign-in": "SignIn",
    "/api/staff/session": "SignIn",
}

# CONTRACT.md's tables.
CONTRACT = {
    ("GET", "/"),
    ("GET", "/petitions/{slug}"),
    ("POST", "/petitions/{slug}/signatures"),
    ("GET", "/petitions/{slug}/thanks"),
    ("GET", "/api/petitions/{slug}"),
    ("POST", "/api/petitions/{slug}/signatures"),
    ("GET", "/api/petitions/{slug}/count"),
    *((method, f"/{act}") for method in ("GET", "POST") for act in ("confirm", "unsubscribe", "withdraw")),
    ("GET", "/health"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/staff/petitions"),
    ("GET", "/api/staff/petitions/{slug}/counts"),
}
OPEN_TO_ANY_ORIGIN = {
    "/api/petitions/{slug}",
    "/api/petitions/{slug}/signatures",
    "/api/petitions/{slug}/count",
    "/api/openapi.json",
    "/api/statements/{token}",
}

Resource = dict[str, Any]


class _NoAws:
    """What Chalice wants to know of a region while it writes a template."""

    region_name = "eu-west-2"

    def endpoint_dns_suffix(self, service: str, region: str) -> str:
        return "amazonaws.com"

    def service_principal(self, service: str, region: str, suffix: str) -> str:
        return f"{service}.{suffix}"


def packaged(stage: str) -> Resource:
    """What `chalice package --merge-template` writes, without building the zip: half a second, no network."""
    config = CLIFactory(str(ROOT)).create_config_obj(stage)
    files = OSUtils()
    steps = [
        InjectDefaults(),
        PolicyGenerator(AppPolicyGenerator(files), files),
        SwaggerBuilder(CFNSwaggerGenerator()),
    ]
    builder = ResourceBuilder(ApplicationGraphBuilder(), DependencyBuilder(), BuildStage(steps))
    models = builder.construct_resources(config, stage)
    template = SAMTemplateGenerator(config, PackageOptions(cast(TypedAWSClient, _NoAws()))).generate(models)
    merged: Resource = TemplateDeepMerger().merge(MERGE, template)
    return merged


TEMPLATE = packaged("prod")
RESOURCES: dict[str, Resource] = TEMPLATE["Resources"]
API: Resource = RESOURCES["RestAPI"]["Properties"]["DefinitionBody"]
TABLES = {keys.SIGNATURES: "SignaturesTable", keys.COUNTS: "CountsTable", keys.AUDIT: "AuditTable"}


def of_type(kind: str) -> dict[str, Resource]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")
QUEUES = of_type("AWS::SQS::Queue")
every_function = pytest.mark.parametrize("function", sorted(FUNCTIONS))
every_table = pytest.mark.parametrize("table", TABLES.values())


def registered_functions() -> set[str]:
    """By their logical names: what app.py registers, and the one that serves the API."""
    handlers = app.pure_lambda_functions + app.event_sources + list(app.builtin_auth_handlers)
    return {"api_handler", *(handler.name for handler in handlers)}


def events(kind: str) -> dict[str, Resource]:
    return {
        name: event["Properties"]
        for name, function in FUNCTIONS.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == kind
    }


def statements(function: str) -> list[Resource]:
    role = RESOURCES[FUNCTIONS[function]["Role"]["Fn::GetAtt"][0]]["Properties"]
    return [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def actions(statement: Resource) -> list[str]:
    found = statement["Action"]
    return [found] if isinstance(found, str) else found


def allowed(function: str, resource: str) -> set[str]:
    """What the function's role may do with that resource."""
    concerned = [each for each in statements(function) if resource in json.dumps(each["Resource"])]
    return {action for each in concerned for action in actions(each)}


def environment_of(function: str) -> Resource:
    """Chalice's globals go to all; a function adds its own."""
    own: Resource = FUNCTIONS[function].get("Environment", {}).get("Variables", {})
    return {**TEMPLATE["Globals"]["Function"]["Environment"]["Variables"], **own}


def integrations() -> Iterator[tuple[str, str, str]]:
    """Method, path, and the logical name of the function that answers."""
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            if method != "options":
                uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
                [function] = re.findall(r"\$\{(\w+)\.Arn\}", uri)
                yield method.upper(), path, function


# Functions, their powers and what they are told.


def test_every_function_has_a_policy_of_its_own() -> None:
    assert CONFIG["autogen_policy"] is False
    assert CONFIG["lambda_functions"].keys() == registered_functions()
    files = [each["iam_policy_file"] for each in CONFIG["lambda_functions"].values()]
    assert sorted(files) == sorted(path.name for path in CHALICE.glob("policy-*.json"))


@every_function
def test_a_role_has_its_functions_powers_and_no_other_function_shares_it(function: str) -> None:
    names = {to_cfn_resource_name(name): name for name in CONFIG["lambda_functions"]} | {"APIHandler": "api_handler"}
    file = CHALICE / CONFIG["lambda_functions"][names[function]]["iam_policy_file"]
    policy = json.loads(file.read_text())
    assert statements(function) == policy["Statement"]
    roles = [json.dumps(each["Role"]) for each in FUNCTIONS.values()]
    assert roles.count(json.dumps(FUNCTIONS[function]["Role"])) == 1


@every_function
def test_no_policy_has_a_wildcard_action_or_reaches_everything(function: str) -> None:
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert not [action for action in actions(statement) if "*" in action]
        if actions(statement) != WITHOUT_RESOURCE:
            assert statement["Resource"] != "*"
            assert "*" not in statement["Resource"]


@every_function
def test_a_role_is_the_same_on_the_emulator_and_on_aws(function: str) -> None:
    assert "Fn::If" not in json.dumps(statements(function))


def test_who_reads_counts_or_opens_the_door_cannot_name_the_signatures() -> None:
    for function in ("Counts", "StaffAuthorizer"):
        assert "SignaturesTable" not in json.dumps(statements(function))


def test_every_function_that_serves_a_page_or_a_count_may_read_the_shedding_level() -> None:
    for function in ("APIHandler", "Counts"):
        [readable] = [
            each["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            for each in statements(function)
            if "dynamodb:GetItem" in actions(each)
        ]
        assert keys.shedding_level().pk in readable


def counts_statements(function: str) -> Iterator[tuple[set[str], set[str] | None]]:
    """Actions on the counts table, and the partitions they are limited to (None: all)."""
    for each in statements(function):
        if "CountsTable" in json.dumps(each["Resource"]):
            condition = each.get("Condition", {}).get("ForAllValues:StringLike", {})
            yield {*actions(each)}, {*condition["dynamodb:LeadingKeys"]} if condition else None


@every_function
def test_no_function_reaches_every_partition_of_the_counts(function: str) -> None:
    for done, partitions in counts_statements(function):
        assert partitions or done == {"dynamodb:DescribeTable"}, done


def test_only_the_authorizer_and_who_manages_tokens_can_read_them() -> None:
    reading = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    readers = {
        function
        for function in FUNCTIONS
        for done, partitions in counts_statements(function)
        if done & reading and keys.TOKENS_PARTITION in (partitions or ())
    }
    assert readers == {"StaffAuthorizer", "Manage"}


def test_a_sender_reads_petitions_and_the_pause_alone() -> None:
    for function in SENDERS:
        read = [partitions for done, partitions in counts_statements(function) if "dynamodb:GetItem" in done]
        assert read == [{keys.petition("any").pk, keys.mail_pause().pk}]


def test_who_takes_signatures_cannot_read_them() -> None:
    reading = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"}
    assert not reading & allowed("APIHandler", "SignaturesTable")
    readers = {name for name in FUNCTIONS if reading & allowed(name, "SignaturesTable")}
    assert readers == {"Links", "People", "RecountTallies", "SweepMail", "RunExport"}
    assert not [name for name in FUNCTIONS if "dynamodb:Scan" in str(statements(name))]


def test_the_sweep_reads_wishes_and_nothing_of_a_person() -> None:
    [reading] = [each for each in statements("SweepMail") if each["Sid"] == "ReadMailRequestsWithoutNames"]
    shown = set(reading["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"])
    assert reading["Condition"]["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert not shown & {*PERSONAL, "updates"}
    asked: dict[str, Any] = {}
    client = SimpleNamespace(query=lambda **request: asked.update(request) or {"Items": []})
    names = {keys.SIGNATURES: "signatures", keys.COUNTS: "counts"}
    start = keys.Key(keys.SIGNATURES, "slug#00", "")
    mail_state.requests_waiting(start, OPENED, OPENED, 1, Tables(cast(Any, client), names))
    assert {*asked["ExpressionAttributeNames"].values(), *KEY} == shown


def sent_by(act: Callable[[Tables], object]) -> dict[str, Any]:
    """The one update that the real client would send."""
    sent: dict[str, Any] = {}
    client = SimpleNamespace(update_item=lambda **request: sent.update(request))
    act(Tables(cast(Any, client), {keys.SIGNATURES: "signatures", keys.COUNTS: "counts"}))
    return sent


def attributes_of(sent: dict[str, Any]) -> set[str]:
    return {*sent["ExpressionAttributeNames"].values(), *KEY}


SIGNATURE = keys.signature("slug", "00")


@pytest.mark.parametrize(
    ("function", "sent"),
    [
        ("SweepMail", sent_by(lambda tables: mail_state.mark_queued(SIGNATURE, "2026", OPENED, tables))),
        ("ReceiveFeedback", sent_by(lambda tables: mail_state.mark_undeliverable(SIGNATURE, "bounced", tables))),
    ],
)
def test_who_marks_signatures_names_only_allowed_attributes_and_gets_nothing_back(
    function: str, sent: dict[str, Any]
) -> None:
    [marking] = [each for each in statements(function) if "dynamodb:UpdateItem" in actions(each)]
    condition = marking["Condition"]
    assert {*condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]} == attributes_of(sent)
    assert condition["StringEquals"] == {"dynamodb:ReturnValues": sent["ReturnValues"]}
    assert sent["ReturnValues"] == sent["ReturnValuesOnConditionCheckFailure"] == "NONE"


def test_an_update_of_a_signature_returns_it_only_to_who_mails_or_may_read_it_anyway() -> None:
    silent = {"StringEquals": {"dynamodb:ReturnValues": "NONE"}}.items()
    may_read = {
        function
        for function in FUNCTIONS
        for each in statements(function)
        if "dynamodb:UpdateItem" in actions(each) and "SignaturesTable" in json.dumps(each["Resource"])
        if not silent <= each.get("Condition", {}).items()
    }
    assert may_read == {*SENDERS, "Links", "People"}


def test_only_the_watch_turns_taps_and_only_the_senders() -> None:
    assert {name for name in FUNCTIONS if "lambda:" in json.dumps(statements(name))} == {"WatchMail"}
    [turning] = [each for each in statements("WatchMail") if each["Sid"] == "TurnTheTaps"]
    assert turning["Action"] == ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    mappings = [f"{function}{function}SqsEventSource" for function in SENDERS]
    assert [re.findall(r"\$\{(\w+)\}$", each["Fn::Sub"])[0] for each in turning["Resource"]] == mappings
    told = environment_of("WatchMail")
    assert [told[name]["Ref"] for name in SOURCES] == mappings


def test_a_sender_runs_as_often_at_once_as_its_pace_assumes() -> None:
    """One parameter tells both: the event sources how many may run, and each sender its share of the rate."""
    for function in SENDERS:
        assert events("SQS")[function]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MailSenders"}}
        assert environment_of(function)["MAIL_SENDERS"] == {"Ref": "MailSenders"}
    assert CONFIRMATIONS + OTHERS == 1
    parameter = TEMPLATE["Parameters"]["MailSenders"]
    assert (parameter["MinValue"], parameter["MaxValue"]) == (LEAST_SENDERS, MOST_SENDERS)
    assert parameter["Default"] == senders_for(TEMPLATE["Parameters"]["MailPerSecond"]["Default"])


@pytest.mark.parametrize("rate", [1, 2, 12, 14, 300, 1000])
def test_a_batch_is_sent_within_the_time_of_a_sender(rate: int) -> None:
    given = TEMPLATE["Parameters"]["MailPerSecond"]
    assert given["MinValue"] <= rate <= given["MaxValue"]
    for function, share in (("SendMail", CONFIRMATIONS), ("SendOtherMail", OTHERS)):
        gap = senders_for(rate) / (rate * share)
        assert events("SQS")[function]["BatchSize"] * gap <= BUDGET_SECONDS
        assert BUDGET_SECONDS < FUNCTIONS[function]["Timeout"] < CLAIM.total_seconds()


def test_nobody_but_the_sender_sends_mail_and_nobody_deletes_an_item() -> None:
    assert {name for name in FUNCTIONS if "ses:" in json.dumps(statements(name))} == SENDERS.keys()
    assert not [name for name in FUNCTIONS if "dynamodb:Delete" in json.dumps(statements(name))]


@every_function
def test_a_role_may_write_the_log_of_its_function(function: str) -> None:
    [log] = [each for each in statements(function) if "logs:PutLogEvents" in actions(each)]
    assert f"/aws/lambda/${{AWS::StackName}}-{function}-*" in log["Resource"]["Fn::Sub"]


def test_every_function_keeps_its_log_for_a_time_only() -> None:
    groups = of_type("AWS::Logs::LogGroup").values()
    kept = {group["LogGroupName"]["Fn::Sub"]: group["RetentionInDays"] for group in groups}
    access = kept.pop("/aws/apigateway/petitions-${Stage}")
    assert kept.keys() == {f"/aws/lambda/${{{function}}}" for function in FUNCTIONS}
    assert access == 30
    assert all(0 < days <= 90 for days in kept.values())


def required_settings(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    asked: set[str] = set()

    def told(name: str) -> str:
        asked.add(name)
        return "{}" if name in SECRETS else "1"

    monkeypatch.setattr("chalicelib.core.settings.os", SimpleNamespace(environ=SimpleNamespace(get=told)))
    settings.cache_clear()
    settings()
    return asked


@every_function
def test_every_setting_the_code_asks_for_is_given_and_secrets_only_where_they_are_needed(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment_of(function)
    private = SECRETS | SOURCES | OIDC
    own = {name for name, functions in private.items() if function in functions}
    # The last one is pydantic's own: looking for plugins costs a cold start 15 ms, and there are none.
    asked = required_settings(monkeypatch) | {"LOG_LEVEL", "PYDANTIC_DISABLE_PLUGINS"}
    assert given.keys() == asked - private.keys() | own


def test_secrets_are_made_in_the_stack_and_resolved_from_there() -> None:
    for variable, functions in SECRETS.items():
        for function in functions:
            secret = environment_of(function)[variable]["Fn::Sub"]
            [name] = re.findall(r"\{\{resolve:secretsmanager:\$\{(\w+)\}:SecretString\}\}", secret)
            assert RESOURCES[name]["Properties"]["GenerateSecretString"]["PasswordLength"] >= 32
            assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_new_petition_uses_a_secret_that_the_stack_has() -> None:
    made = RESOURCES["SignatureKeys"]["Properties"]["GenerateSecretString"]["GenerateStringKey"]
    assert a_petition().key_version == made


# Queues and streams.


def test_each_queue_and_the_stream_are_worked_by_their_functions() -> None:
    assert {name: source["Queue"] for name, source in events("SQS").items()} == {
        name: {"Fn::GetAtt": [queue, "Arn"]} for name, queue in QUEUE_OF.items()
    }
    stream = {"Fn::GetAtt": ["SignaturesTable", "StreamArn"]}
    assert {name: source["Stream"] for name, source in events("DynamoDB").items()} == dict.fromkeys(
        STREAM_READERS, stream
    )


def test_no_placeholder_of_the_code_is_left_in_the_template() -> None:
    text = json.dumps(TEMPLATE, default=str)
    arns = [value for name, value in vars(placeholders).items() if name.endswith("_ARN")]
    assert len(arns) == 6
    assert not [arn for arn in arns if arn in text]
    assert "000000000000" not in text


def test_the_mail_filter_looks_at_what_the_relay_looks_at() -> None:
    [pattern] = [each["Pattern"] for each in events("DynamoDB")["RelayMail"]["FilterCriteria"]["Filters"]]
    assert json.loads(pattern) == {"dynamodb": {"NewImage": {"mail_kind": {"S": [{"exists": True}]}}}}
    assert "mail_kind" in Signature.model_fields


MAILS: list[dict[str, Any]] = [{}, {"mail_kind": "confirm"}, {"mail_kind": "confirm", "mail_claimed_until": 1}]
MARKS: list[dict[str, Any]] = [{}, {"mailed_at": "2026-11-24T12:01:00Z"}, {"undeliverable": "bounced"}]
SIGNED = {"pk": "a#00", "sk": "x", "signed_at": "2026-11-24T12:00:00Z", "text_version": "v"}
IMAGES = [None, *({**SIGNED, "state": each, **mail, **mark} for each, mail, mark in product(State, MAILS, MARKS))]


def test_the_filter_lets_through_all_that_is_counted_from_the_stream() -> None:
    counts = [
        (old, new)
        for old, new in product(IMAGES, IMAGES)
        if (old or new) and any(change.numbers for change in increments("1", old, new, NOW))
    ]
    assert len(counts) > 500
    assert not [change for change in counts if not _passes_filter(*change)]


@pytest.mark.parametrize(("old", "new"), list(pairwise(MAILS)))
def test_the_wish_and_the_claim_of_a_first_mail_cost_no_invocation(old: dict[str, Any], new: dict[str, Any]) -> None:
    pending = {"state": State.PENDING}
    assert not _passes_filter({**pending, **old}, {**pending, **new})


def _passes_filter(old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    """As Lambda reads the patterns: any of them, every leaf of it. Five are all that it takes."""
    [by_name, *by_image] = [
        json.loads(each["Pattern"]) for each in events("DynamoDB")["ProjectSignatures"]["FilterCriteria"]["Filters"]
    ]
    assert len(by_image) <= 4
    name = "INSERT" if not old else "REMOVE" if not new else "MODIFY"
    images = {"OldImage": old or {}, "NewImage": new or {}}
    return name in by_name["eventName"] or any(
        all(_fits(wanted, images[image]) for image, wanted in pattern["dynamodb"].items()) for pattern in by_image
    )


def _fits(wanted: dict[str, dict[str, list[Any]]], image: dict[str, Any]) -> bool:
    [(name, leaf)] = wanted.items()
    [rule] = leaf["S"]
    if name not in image:
        return False
    return bool(rule.get("exists")) or image[name] not in rule.get("anything-but", [image[name]])


def test_every_worked_queue_has_a_dead_letter_queue_of_its_own() -> None:
    worked = set(QUEUE_OF.values())
    graves = {name: QUEUES[name]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for name in worked}
    assert len(set(graves.values())) == len(worked)
    assert {*worked, *graves.values(), "StreamDeadLetterQueue"} == QUEUES.keys()
    counts = {name: QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] for name in worked}
    # Mail waits for quotas, and a wait is no failure: an hourly look for three weeks must not end in the dead letters.
    assert all(21 * 24 < counts.pop(name) <= 1000 for name in SENDERS.values())
    assert all(1 < count <= 1000 for count in counts.values())


def test_the_table_may_be_away_for_days_before_a_signature_leaves_the_overflow_queue() -> None:
    queue = QUEUES["OverflowQueue"]
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 4 * 24 * 3600


def test_workers_together_leave_a_new_accounts_ten_functions_to_signing() -> None:
    bounds = {name: declared.at_once(name) for name in events("SQS")}
    # A hand-over is asked for by hand, one at a time for a petition, and seldom in the hour of a crowd.
    assert bounds.pop("RunExport") == 2
    # Other mail's source is shut while confirmations wait (mail/watch.py): the two senders are never both at full.
    assert sum(bound for name, bound in bounds.items() if name != "SendOtherMail") <= 6
    # A reservation would not leave the 100 that Lambda keeps, so there is none unless it is asked for.
    assert all(TEMPLATE["Parameters"][name]["Default"] == "0" for name in preflight.RESERVED)


def test_who_takes_signatures_may_put_them_into_the_overflow_queue_and_take_none_out() -> None:
    assert {name for name in FUNCTIONS if "OverflowQueue" in json.dumps(statements(name))} == {
        "APIHandler",
        "Counts",
        "StoreOverflow",
    }
    assert allowed("Counts", "OverflowQueue") == {"sqs:GetQueueAttributes"}
    assert allowed("APIHandler", "OverflowQueue") == {"sqs:SendMessage", "sqs:GetQueueAttributes"}
    assert allowed("StoreOverflow", "SignaturesTable") == {"dynamodb:PutItem", "dynamodb:UpdateItem"}


LIMITS = {
    (each["ResourcePath"].replace("~1", "/").replace("//", "/"), each["HttpMethod"]): each
    for each in RESOURCES["RestAPI"]["Properties"]["MethodSettings"]
}
SIGNING = {
    ("/petitions/{slug}/signatures", "POST"),
    ("/api/petitions/{slug}/signatures", "POST"),
    ("/api/petitions/{slug}/signatures", "OPTIONS"),
}


def test_the_gateway_holds_back_everything_but_signing() -> None:
    """10,000 a second and a burst of 5,000 are what an account has (AWS quotas): signing may have all of it."""
    after_signing = ("/petitions/{slug}/thanks", "GET")
    for method, limit in LIMITS.items():
        whole = method in SIGNING or method == after_signing
        assert (limit["ThrottlingRateLimit"] == 10_000) is whole, method
        assert (limit["ThrottlingBurstLimit"] == 5_000) is whole, method
    assert SIGNING | {("/*", "*")} <= LIMITS.keys()


def test_every_limit_of_the_gateway_is_one_of_a_method_that_exists() -> None:
    methods = {(path, method.upper()) for path, methods in API["paths"].items() for method in methods}
    assert LIMITS.keys() - {("/*", "*")} <= methods


def test_whoever_works_a_queue_or_a_stream_may() -> None:
    receive = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    for function, queue in QUEUE_OF.items():
        # An export hands on to itself when its time is over.
        assert allowed(function, queue) - ({"sqs:SendMessage"} if function == "RunExport" else set()) == receive
    read = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    for function in STREAM_READERS:
        assert allowed(function, "StreamArn") == read
        assert allowed(function, "StreamDeadLetterQueue") == {"sqs:SendMessage"}


# Tables.


@every_table
def test_a_tables_keys_are_what_the_code_writes(table: str) -> None:
    properties = RESOURCES[table]["Properties"]
    schema = {each["KeyType"]: each["AttributeName"] for each in properties["KeySchema"]}
    assert [schema["HASH"], schema["RANGE"]] == list(wire_key(keys.petition("slug"))) == list(keys.Key._fields[1:])
    types = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
    assert types == dict.fromkeys(schema.values(), "S")


def test_signatures_expire_by_the_attribute_the_code_sets_and_stream_both_images() -> None:
    signatures = RESOURCES["SignaturesTable"]["Properties"]
    assert signatures["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in Signature.model_fields
    assert signatures["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_audit_trail_is_only_ever_added_to() -> None:
    """Put with a condition on a free key; IAM knows no such condition, so the code's is the only one for it."""
    done = {name: allowed(name, "AuditTable") for name in FUNCTIONS if allowed(name, "AuditTable")}
    assert done.pop("Manage") == {"dynamodb:PutItem", "dynamodb:Query"}
    assert all(actions == {"dynamodb:PutItem"} for actions in done.values())


# Seeing it.


ALARMS = of_type("AWS::CloudWatch::Alarm")


def watched(alarm: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Namespace, metric and dimensions of each metric an alarm looks at."""
    plain = [alarm] if "MetricName" in alarm else []
    summands = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for metric in [*plain, *summands]:
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        yield metric["Namespace"], metric["MetricName"], dimensions


def watched_resources(namespace: str, metric: str, dimension: str) -> set[str]:
    found = [each for alarm in ALARMS.values() for each in watched(alarm) if each[:2] == (namespace, metric)]
    names = [dimensions[dimension] for _, _, dimensions in found]
    return {name.get("Ref") or name["Fn::GetAtt"][0] for name in names}


def test_every_dead_letter_queue_has_its_alarm() -> None:
    graves = {name for name, queue in QUEUES.items() if "RedrivePolicy" not in queue}
    assert watched_resources("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName") == graves


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_has_an_alarm_for_its_errors_and_its_throttles(metric: str) -> None:
    assert watched_resources("AWS/Lambda", metric, "FunctionName") == FUNCTIONS.keys()


def test_every_stream_reader_and_table_and_the_mail_queue_have_their_alarms() -> None:
    assert watched_resources("AWS/Lambda", "IteratorAge", "FunctionName") == STREAM_READERS
    assert watched_resources("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName") == {"MailQueue"}
    for metric in ("ReadThrottleEvents", "WriteThrottleEvents", "SystemErrors"):
        assert watched_resources("AWS/DynamoDB", metric, "TableName") == {*TABLES.values()}


def test_an_alarm_on_a_metric_of_ours_looks_at_one_the_code_writes() -> None:
    ours = [each for alarm in ALARMS.values() for each in watched(alarm) if each[0] == NAMESPACE]
    assert {metric for _, metric, _ in ours} == {Metric.OVERFLOWED, Metric.DEGRADED, Metric.DRIFT}
    assert all(dimensions == {"stage": {"Ref": "Stage"}} for _, _, dimensions in ours)


def test_an_alarm_on_5xx_looks_at_this_stages_api_only() -> None:
    assert [*watched(ALARMS["ApiErrorsAlarm"])] == [
        ("AWS/ApiGateway", "5XXError", {"ApiName": API["info"]["title"], "Stage": CONFIG["api_gateway_stage"]})
    ]
    assert API["info"]["title"] == {"Fn::Sub": "petitions-${Stage}"}


def test_only_alarms_that_the_emulator_does_not_know_are_left_out_there() -> None:
    """It refuses metric math, and with it the whole stack."""
    left_out = {name for name in ALARMS if RESOURCES[name].get("Condition") == "OnAws"}
    assert left_out == {name for name, alarm in ALARMS.items() if "Metrics" in alarm}
    assert TEMPLATE["Conditions"]["OnAws"] == {"Fn::Not": [{"Condition": "Emulated"}]}


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_is_told_to_somebody_says_what_it_means_and_takes_silence_right(alarm: str) -> None:
    properties = ALARMS[alarm]
    assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "AlarmsTopic"}]
    # Silence is good news of an error counter and of an idle queue; a rate stays as it was; a recount must be heard.
    silence = {"DriftAlarm": "breaching", "BounceRateAlarm": "ignore", "ComplaintRateAlarm": "ignore"}
    assert properties["TreatMissingData"] == silence.get(alarm, "notBreaching")
    assert properties["AlarmDescription"].endswith("docs/runbook.md")


def test_the_runbook_has_a_line_for_every_alarm_and_for_no_other() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    functions = {f"{name}{kind}Alarm" for name in FUNCTIONS for kind in ("Errors", "Throttles")}
    assert {*re.findall(r"`(\w+Alarm)`", text)} == ALARMS.keys() - functions
    assert {"`…ErrorsAlarm`", "`…ThrottlesAlarm`"} <= {*re.findall(r"`…\w+`", text)}


def test_a_mail_address_for_alarms_is_optional() -> None:
    assert TEMPLATE["Parameters"]["AlarmEmail"]["Default"] == ""
    assert RESOURCES["AlarmsSubscription"]["Condition"] == "HasAlarmEmail"


def test_the_dashboard_shows_only_what_exists() -> None:
    body = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    names = {name.partition(".")[0] for name in re.findall(r"\$\{([\w.:]+)\}", body)} - {"AWS::Region", "Stage"}
    assert names <= RESOURCES.keys()
    shown = {
        metric[1]
        for widget in json.loads(body)["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0] == NAMESPACE
    }
    kinds = {refused(status) for status in (*REFUSALS, 499)}
    assert shown == {*Metric, *kinds} - {Metric.REFUSED}


def test_a_recount_may_read_no_more_of_a_signature_than_it_asks_for() -> None:
    [reading] = [each for each in statements("RecountTallies") if "SignaturesTable" in json.dumps(each["Resource"])]
    assert reading["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"] == [*KEY, *ANONYMOUS]
    assert reading["Condition"]["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert not {*ANONYMOUS} & {"name", "email", "postcode", "sk"}
    done = {action for each in statements("RecountTallies") for action in actions(each)}
    assert not {f"dynamodb:{verb}Item" for verb in ("Put", "Update", "Delete", "BatchWrite")} & done


# Hand-overs.


def test_who_hands_over_reads_what_may_be_handed_over_and_no_address() -> None:
    [reading] = [each for each in statements("RunExport") if "SignaturesTable" in json.dumps(each["Resource"])]
    assert actions(reading) == ["dynamodb:Query"]
    assert reading["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"] == [*KEY, *EXPORTED]
    assert reading["Condition"]["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert not {*EXPORTED} & {"email", "sk", "updates"}


def test_who_gives_out_links_to_files_sees_no_signature_and_writes_no_file() -> None:
    assert "SignaturesTable" not in json.dumps(statements("Exports"))
    assert allowed("Exports", "ExportsBucket") == {"s3:GetObject"}
    [signing] = [each for each in statements("Exports") if "ExportsBucket" in json.dumps(each["Resource"])]
    assert signing["Resource"] == {"Fn::Sub": f"${{ExportsBucket.Arn}}/{deliver.FILES}/*"}
    assert {name for name in FUNCTIONS if "s3:" in json.dumps(statements(name))} == {"Exports", "RunExport"}


def test_only_who_asks_for_exports_and_who_hands_on_may_send_to_their_queue() -> None:
    senders = {
        name
        for name in FUNCTIONS
        for each in statements(name)
        if "ExportsQueue" in json.dumps(each["Resource"]) and each["Action"] == ["sqs:SendMessage"]
    }
    assert senders == {"Exports", "RunExport"}
    assert {name for name in FUNCTIONS if "ExportsQueue" in json.dumps(statements(name))} == senders


def test_a_file_once_written_is_read_and_deleted_by_nobody_but_links_and_time() -> None:
    for each in statements("RunExport"):
        if {"s3:GetObject", "s3:DeleteObject"} & {*actions(each)}:
            assert each["Resource"] == {"Fn::Sub": f"${{ExportsBucket.Arn}}/{gather.PARTS}/*"}


def test_the_bucket_is_private_encrypted_and_without_versions() -> None:
    [bucket] = of_type("AWS::S3::Bucket").values()
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    # A version that stays behind would outlive the time after which a file is deleted.
    assert "VersioningConfiguration" not in bucket
    [statement] = RESOURCES["ExportsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_files_are_deleted_after_their_time_and_parts_and_unfinished_uploads_after_a_day() -> None:
    rules = RESOURCES["ExportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {each["Status"] for each in rules} == {"Enabled"}
    days = {each["Prefix"]: each["ExpirationInDays"] for each in rules if "Prefix" in each}
    assert days == {f"{gather.PARTS}/": 1, f"{deliver.FILES}/": LIFETIME.days}
    [unfinished] = [each for each in rules if "Prefix" not in each]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_an_export_has_the_time_its_stages_want_and_begins_when_all_confirmed_by_the_moment_are_in() -> None:
    assert FOR_A_PART < FOR_DELIVERY < FUNCTIONS["RunExport"]["Timeout"] == 900
    assert SETTLING.total_seconds() > FUNCTIONS["Links"]["Timeout"]
    assert LINK_SECONDS <= 15 * 60
    # Plain and encrypted lie side by side on its disk.
    assert FUNCTIONS["RunExport"]["EphemeralStorage"] == {"Size": 4096}


def test_recounts_come_by_themselves_more_often_than_the_alarm_waits() -> None:
    assert events("Schedule")["RecountTallies"] == {"Schedule": "rate(6 hours)"}
    assert ALARMS["DriftAlarm"]["Period"] == 24 * 3600


# The API.


def test_every_request_of_the_contract_has_its_route_and_its_place_in_the_api() -> None:
    assert {(method, path) for path, methods in app.routes.items() for method in methods} >= CONTRACT
    assert {(method, path) for method, path, _ in integrations()} >= CONTRACT


def test_links_and_counts_are_served_by_functions_of_their_own_and_the_rest_by_one() -> None:
    for method, path, function in integrations():
        like = f"{method.replace('HEAD', 'GET')} {path}"
        assert function == FUNCTION_OF.get(like, FUNCTION_OF.get(path, "APIHandler")), f"{method} {path}"


def test_head_stands_wherever_get_does_under_the_same_authorizer_and_limit() -> None:
    for path, methods in API["paths"].items():
        assert ("head" in methods) is ("get" in methods), path
        if "get" in methods:
            assert methods["head"].get("security") == methods["get"].get("security"), path
    for (path, method), limit in LIMITS.items():
        # Nobody but a browser that has just signed comes here.
        if method == "GET" and path != "/petitions/{slug}/thanks":
            assert {**LIMITS[path, "HEAD"], "HttpMethod": "GET"} == limit


def test_whatever_no_route_takes_comes_to_the_public_handler_that_answers_it() -> None:
    """Each method by its name: the emulator does not read x-amazon-apigateway-any-method from a template."""
    changing = {"post", "put", "patch", "delete"}
    assert API["paths"][CATCH_ALL].keys() == {"get", "head", *changing}
    assert API["paths"]["/"].keys() == {"get", "head", *changing}, "which the catch-all does not take"
    for method in API["paths"][CATCH_ALL]:
        assert LIMITS[CATCH_ALL, method.upper()]["ThrottlingRateLimit"] == 50, "a scanner starves nobody"


def test_api_gateway_may_call_each_function_it_hands_requests_to() -> None:
    permissions = of_type("AWS::Lambda::Permission").values()
    named = [each["FunctionName"] for each in permissions if "apigateway" in str(each["Principal"])]
    called = {name.get("Ref") or name["Fn::GetAtt"][0] for name in named}
    assert called == {function for _, _, function in integrations()} | {"StaffAuthorizer"}


BEFORE = {route.path for route in BEFORE_THE_DOOR}


def test_every_staff_route_and_no_other_is_behind_the_authorizer() -> None:
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            guarded = operation.get("security") == [{"staff_authorizer": []}]
            behind = path.startswith("/api/staff/") and path not in BEFORE
            assert guarded is (behind and method != "options"), f"{method} {path}"


def test_the_authorizer_is_asked_anew_for_every_request() -> None:
    authorizer = API["securityDefinitions"]["staff_authorizer"]["x-amazon-apigateway-authorizer"]
    assert "${StaffAuthorizer.Arn}" in json.dumps(authorizer["authorizerUri"])
    assert authorizer["authorizerResultTtlInSeconds"] == 0


def test_every_staff_route_stands_under_a_right() -> None:
    standing = {
        (method, route.path)
        for routes in (*ROUTES.values(), ANYBODY, BEFORE_THE_DOOR)
        for route in routes
        for method in route.methods
    }
    staff = {
        (method, re.sub(r"\{\w+\}", "*", path))
        for path, methods in app.routes.items()
        for method in methods.keys() - {"HEAD"}
        if path.startswith("/api/staff/")
    }
    assert standing == staff


def test_exactly_the_public_json_may_be_used_from_any_origin() -> None:
    assert {path for path, methods in API["paths"].items() if "options" in methods} == OPEN_TO_ANY_ORIGIN
    for path in OPEN_TO_ANY_ORIGIN:
        for route in app.routes[path].values():
            assert route.cors.allow_origin == "*"
            assert "allow_credentials" not in str(route.cors.get_access_control_headers()).lower()


@every_function
def test_a_function_ends_before_api_gateway_gives_up_on_it(function: str) -> None:
    if function in {called for _, _, called in integrations()}:
        assert FUNCTIONS[function]["Timeout"] < 29


GATEWAY: dict[str, Resource] = API["x-amazon-apigateway-gateway-responses"]


@pytest.mark.parametrize(
    ("kind", "status"),
    {
        "UNAUTHORIZED": 401,
        "ACCESS_DENIED": 403,
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "RESOURCE_NOT_FOUND": 404,
        "REQUEST_TOO_LARGE": 413,
        "THROTTLED": 429,
        "QUOTA_EXCEEDED": 429,
        "AUTHORIZER_FAILURE": 503,
        "INTEGRATION_FAILURE": 503,
        "INTEGRATION_TIMEOUT": 503,
    }.items(),
)
def test_what_api_gateway_says_itself_has_the_right_status(kind: str, status: int) -> None:
    assert GATEWAY[kind]["statusCode"] == str(status)


@pytest.mark.parametrize("kind", [*GATEWAY, "DEFAULT_4XX", "DEFAULT_5XX"])
def test_what_api_gateway_says_itself_is_a_problem_like_ours(kind: str) -> None:
    parameters = {name.rpartition(".")[2]: value for name, value in GATEWAY[kind]["responseParameters"].items()}
    assert parameters["Content-Type"] == f"'{PROBLEM}'"
    assert parameters["Access-Control-Allow-Origin"] == "'*'"
    assert parameters["Cache-Control"] == "'no-store'"
    body = json.loads(GATEWAY[kind]["responseTemplates"]["application/json"])
    assert {"type", "title", "detail"} <= body.keys()
    assert "$" not in json.dumps(body), "nothing of the request or of AWS shows"
    status = GATEWAY[kind].get("statusCode")
    assert body.get("status") == (int(status) if status else None)
    if kind == "DEFAULT_5XX" or (status or "")[:1] == "5" or status == "429":
        assert int(parameters["Retry-After"].strip("'")) > 0


def test_the_stage_is_served_under_one_name_everywhere() -> None:
    assert RESOURCES["RestAPI"]["Properties"]["StageName"] == CONFIG["api_gateway_stage"]
    url = TEMPLATE["Outputs"]["SiteUrlInUse"]["Value"]["Fn::If"][2]["Fn::Sub"]
    assert url.endswith(f"/{CONFIG['api_gateway_stage']}")


# Pages and mails.


def pages_named_in_code() -> set[str]:
    texts = {
        node.value
        for path in CODE.rglob("*.py")
        if "mail" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[a-z_]+\.html", text)}


def test_every_page_named_in_code_has_its_template_and_no_template_is_forgotten() -> None:
    folder = Path(render.__file__).with_name("templates")
    whole = {path.name for path in folder.glob("[!_]*.html")} - {"base.html"}
    assert pages_named_in_code() == whole


def test_every_mail_somebody_can_wait_for_has_subject_text_and_html_and_no_other_exists() -> None:
    folder = Path(compose.__file__).with_name("templates")
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(MailKind)
    for wanted in MailKind:
        assert {path.name for path in (folder / wanted).iterdir()} == {"subject.txt", "body.txt", "body.html"}
