"""Check code, config.json, policies and the template against each other, in what Chalice packages."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from chalice.utils import to_cfn_resource_name

from app import app
from benchmarks import declared
from chalicelib.aws.expressions import wire_key
from chalicelib.aws.table import Tables
from chalicelib.core import keys, mail_keys, settings as settings_of
from chalicelib.core.letter_keys import letter_text
from chalicelib.core.settings import settings
from chalicelib.core.target_keys import targets
from chalicelib.edge import placeholders
from chalicelib.edge.route import Function
from chalicelib.edge.routes import CATCH_ALL, ROUTES
from chalicelib.mail.batch_sender import BUDGET_SECONDS, LAST_EMAIL_SECONDS
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.pace import LEAST_SENDERS, MOST_SENDERS, SHARES, senders_for
from chalicelib.mail.send import CLAIM
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.pages import render
from chalicelib.projections.changes import increments
from chalicelib.signatures.letter import SignedLetter
from chalicelib.signatures.model import PERSONAL, Signature, SignatureState
from chalicelib.signatures.walk import ANONYMOUS
from stack import preflight
from tests.actors import NOW, OPENED, a_petition
from tests.template.packaged import (
    API,
    CHALICE,
    CONFIG,
    FUNCTIONS,
    KEY,
    LIMITS,
    QUEUES,
    RESOURCES,
    ROOT,
    TEMPLATE,
    actions,
    allowed,
    environment_of,
    events,
    every_function,
    every_table,
    integrations,
    of_type,
    registered_functions,
    statements,
)

CODE = ROOT / "chalicelib"

# The functions that get each secret. Manage signs preview links, and the public pages verify them.
# Counts signs statements. It could sign links too, but not for a signature, whose id it cannot know
# (docs/decisions/022).
SECRETS = {
    "SIGNATURE_KEYS": {"APIHandler", "Partners", "People", "RunImport"},
    "TOKEN_KEYS": {"APIHandler", "Counts", "Links", "Manage", "SendMail", "SendOtherMail"},
    "LIMIT_KEYS": {"APIHandler", "People", "RunList", "SendMail", "SendOtherMail"},
    "ORIGIN_KEYS": {*Function},
}
# WatchMail changes the senders' event sources, so it gets their ids.
SOURCES = {"MAIL_SOURCE": {"WatchMail"}, "OTHER_MAIL_SOURCE": {"WatchMail"}}
# The sign-in provider and our client secret.
OIDC = {f"OIDC_{name}": {"SignIn"} for name in settings_of.OIDC}
SENDERS = {"SendMail": "MailQueue", "SendOtherMail": "OtherMailQueue"}
# IAM has no resource type for this action, so it needs "*".
WITHOUT_RESOURCE = ["dynamodb:ListStreams"]

# CONTRACT.md's tables.
CONTRACT = {
    ("GET", "/"),
    ("GET", "/petitions/{slug}"),
    ("POST", "/petitions/{slug}/signatures"),
    ("GET", "/petitions/{slug}/thanks"),
    ("GET", "/api/petitions"),
    ("GET", "/api/petitions/{slug}"),
    ("POST", "/api/petitions/{slug}/signatures"),
    ("GET", "/api/petitions/{slug}/count"),
    *((method, f"/{act}") for method in ("GET", "POST") for act in ("confirm", "unsubscribe", "withdraw")),
    ("GET", "/health"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/staff/petitions"),
    ("GET", "/api/staff/petitions/{slug}/counts"),
}
# Staff sign in here to get a token.
OPEN_TO_STAFF_WITHOUT_TOKEN = {"/api/staff/sign-in", "/api/staff/session"}

# Functions: their policies and environment.


def test_every_function_has_its_own_policy() -> None:
    assert CONFIG["autogen_policy"] is False
    assert CONFIG["lambda_functions"].keys() == registered_functions()
    files = [each["iam_policy_file"] for each in CONFIG["lambda_functions"].values()]
    assert sorted(files) == sorted(path.name for path in CHALICE.glob("policy-*.json"))


@every_function
def test_a_role_has_its_own_policy_and_belongs_to_one_function(function: str) -> None:
    names = {to_cfn_resource_name(name): name for name in CONFIG["lambda_functions"]} | {"APIHandler": "api_handler"}
    file = CHALICE / CONFIG["lambda_functions"][names[function]]["iam_policy_file"]
    policy = json.loads(file.read_text())
    assert statements(function) == policy["Statement"]
    roles = [json.dumps(each["Role"]) for each in FUNCTIONS.values()]
    assert roles.count(json.dumps(FUNCTIONS[function]["Role"])) == 1


@every_function
def test_no_policy_has_a_wildcard_action_or_resource(function: str) -> None:
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert not [action for action in actions(statement) if "*" in action]
        if actions(statement) != WITHOUT_RESOURCE:
            assert statement["Resource"] != "*"
            assert "*" not in statement["Resource"]


@every_function
def test_a_role_is_the_same_on_the_emulator_and_on_aws(function: str) -> None:
    assert "Fn::If" not in json.dumps(statements(function))


def test_counts_and_authorizer_have_no_access_to_signatures() -> None:
    for function in ("Counts", "StaffAuthorizer"):
        assert "SignaturesTable" not in json.dumps(statements(function))


def test_functions_that_serve_pages_or_counts_can_read_the_shedding_level() -> None:
    for function in ("APIHandler", "Counts"):
        [readable] = [
            each["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            for each in statements(function)
            if "dynamodb:GetItem" in actions(each)
        ]
        assert keys.shedding_level().pk in readable


def counts_statements(function: str) -> Iterator[tuple[set[str], set[str] | None]]:
    """Yield the actions on the counts table and the partitions that they are limited to (None: all)."""
    for each in statements(function):
        if "CountsTable" in json.dumps(each["Resource"]):
            condition = each.get("Condition", {}).get("ForAllValues:StringLike", {})
            yield {*actions(each)}, {*condition["dynamodb:LeadingKeys"]} if condition else None


@every_function
def test_no_function_can_access_every_partition_of_the_counts_table(function: str) -> None:
    for allowed_actions, partitions in counts_statements(function):
        assert partitions or allowed_actions == {"dynamodb:DescribeTable"}, allowed_actions


def test_only_the_authorizer_and_manage_can_read_tokens() -> None:
    reading = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    readers = {
        function
        for function in FUNCTIONS
        for allowed_actions, partitions in counts_statements(function)
        if allowed_actions & reading and keys.TOKENS_PARTITION in (partitions or ())
    }
    assert readers == {"StaffAuthorizer", "PartnerAuthorizer", "Manage"}


def test_a_sender_reads_only_petitions_the_pause_updates_letters_and_targets() -> None:
    for function in SENDERS:
        more = (
            [keys.updates("*"), letter_text("*", "").pk, targets("*"), "DIGEST#*"]
            if function == "SendOtherMail"
            else []
        )
        read = [partitions for each, partitions in counts_statements(function) if "dynamodb:GetItem" in each]
        assert set().union(*(each or () for each in read)) == {
            keys.petition("any").pk,
            mail_keys.mail_pause().pk,
            *more,
        }


def test_the_sweep_reads_mail_requests_and_no_personal_data() -> None:
    [reading] = [each for each in statements("SweepMail") if each["Sid"] == "ReadMailRequestsWithoutNames"]
    readable = set(reading["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"])
    assert reading["Condition"]["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert not readable & {*PERSONAL, "updates"}
    query: dict[str, Any] = {}
    client = SimpleNamespace(query=lambda **request: query.update(request) or {"Items": []})
    names = {keys.SIGNATURES: "signatures", keys.COUNTS: "counts"}
    start = keys.Key(keys.SIGNATURES, "slug#00", "")
    CONFIRM.open_requests(start, 1, Tables(cast(Any, client), names))
    assert {*query["ExpressionAttributeNames"].values(), *KEY} == readable


def sent_by(act: Callable[[Tables], object]) -> dict[str, Any]:
    """Return the update that the real client would send."""
    sent: dict[str, Any] = {}
    client = SimpleNamespace(update_item=lambda **request: sent.update(request))
    act(Tables(cast(Any, client), {keys.SIGNATURES: "signatures", keys.COUNTS: "counts"}))
    return sent


def attributes_of(sent: dict[str, Any]) -> set[str]:
    return {*sent["ExpressionAttributeNames"].values(), *KEY}


CONFIRM = SIGNATURE_KINDS["confirm"].state
REQUEST = MailRequest(kind="confirm", key="slug_00", requested_at="2026")


@pytest.mark.parametrize(
    ("function", "sent"),
    [
        ("SweepMail", sent_by(lambda tables: CONFIRM.mark_queued(REQUEST, OPENED, tables))),
        ("ReceiveFeedback", sent_by(lambda tables: CONFIRM.mark_undeliverable(REQUEST.key, "bounced", NOW, tables))),
    ],
)
def test_marking_a_signature_uses_only_allowed_attributes_and_returns_nothing(
    function: str, sent: dict[str, Any]
) -> None:
    updates = [each for each in statements(function) if "dynamodb:UpdateItem" in actions(each)]
    [condition] = [each["Condition"] for each in updates if "SignaturesTable" in json.dumps(each["Resource"])]
    assert {*condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]} == attributes_of(sent)
    assert condition["StringEquals"] == {"dynamodb:ReturnValues": sent["ReturnValues"]}
    assert sent["ReturnValues"] == sent["ReturnValuesOnConditionCheckFailure"] == "NONE"


def test_a_write_returns_a_signature_only_to_senders_and_its_readers() -> None:
    returns_nothing = {"StringEquals": {"dynamodb:ReturnValues": "NONE"}}.items()
    may_read = {
        function
        for function in FUNCTIONS
        for each in statements(function)
        if {"dynamodb:PutItem", "dynamodb:UpdateItem"} & {*actions(each)}
        and "SignaturesTable" in json.dumps(each["Resource"])
        if not returns_nothing <= each.get("Condition", {}).items()
    }
    assert may_read == {*SENDERS, "Links", "Partners", "People", "RunImport"}


def test_only_watch_mail_changes_event_sources_and_only_the_senders() -> None:
    assert {name for name in FUNCTIONS if "lambda:" in json.dumps(statements(name))} == {"WatchMail"}
    [changing] = [each for each in statements("WatchMail") if "lambda:" in json.dumps(each["Action"])]
    assert changing["Action"] == ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    mappings = [f"{function}{function}SqsEventSource" for function in SENDERS]
    assert [re.findall(r"\$\{(\w+)\}$", each["Fn::Sub"])[0] for each in changing["Resource"]] == mappings
    environment = environment_of("WatchMail")
    assert [environment[name]["Ref"] for name in SOURCES] == mappings


def test_a_senders_concurrency_is_what_its_pace_assumes() -> None:
    """One parameter sets both the event sources' concurrency and each sender's share of the rate."""
    for function in SENDERS:
        assert events("SQS")[function]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MailSenders"}}
        assert environment_of(function)["MAIL_SENDERS"] == {"Ref": "MailSenders"}
    assert sum(SHARES.values()) == 1
    parameter = TEMPLATE["Parameters"]["MailSenders"]
    assert (parameter["MinValue"], parameter["MaxValue"]) == (LEAST_SENDERS, MOST_SENDERS)
    assert parameter["Default"] == senders_for(TEMPLATE["Parameters"]["MailPerSecond"]["Default"])


@pytest.mark.parametrize("rate", [1, 2, 12, 14, 300, 1000])
def test_a_batch_is_sent_within_a_senders_timeout(rate: int) -> None:
    given = TEMPLATE["Parameters"]["MailPerSecond"]
    assert given["MinValue"] <= rate <= given["MaxValue"]
    for function, share in (("SendMail", SHARES[Priority.URGENT]), ("SendOtherMail", SHARES[Priority.OTHER])):
        gap = senders_for(rate) / (rate * share)
        assert events("SQS")[function]["BatchSize"] * gap <= BUDGET_SECONDS
        assert BUDGET_SECONDS + LAST_EMAIL_SECONDS < FUNCTIONS[function]["Timeout"] < CLAIM.total_seconds()


def test_only_senders_send_email_and_no_function_deletes_items() -> None:
    assert {name for name in FUNCTIONS if "ses:" in json.dumps(statements(name))} == SENDERS.keys()
    assert not [name for name in FUNCTIONS if "dynamodb:Delete" in json.dumps(statements(name))]


@every_function
def test_a_role_can_write_the_log_of_its_function(function: str) -> None:
    [log] = [each for each in statements(function) if "logs:PutLogEvents" in actions(each)]
    assert f"/aws/lambda/${{AWS::StackName}}-{function}-*" in log["Resource"]["Fn::Sub"]


def test_every_log_has_a_retention_time() -> None:
    groups = of_type("AWS::Logs::LogGroup").values()
    kept = {group["LogGroupName"]["Fn::Sub"]: group["RetentionInDays"] for group in groups}
    access = kept.pop("/aws/apigateway/petitions-${Stage}")
    assert kept.keys() == {f"/aws/lambda/${{{function}}}" for function in FUNCTIONS}
    assert access == 30
    assert all(0 < days <= 90 for days in kept.values())


def required_settings(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    names: set[str] = set()

    def get(name: str) -> str:
        names.add(name)
        return "{}" if name in SECRETS else "1"

    monkeypatch.setattr("chalicelib.core.settings.os", SimpleNamespace(environ=SimpleNamespace(get=get)))
    settings.cache_clear()
    settings()
    return names


@every_function
def test_every_setting_is_given_and_secrets_only_where_they_are_needed(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment_of(function)
    private = SECRETS | SOURCES | OIDC
    own = {name for name, functions in private.items() if function in functions}
    # The last one is for pydantic: its search for plugins takes 15 ms of a cold start, and we have none.
    required = required_settings(monkeypatch) | {"LOG_LEVEL", "PYDANTIC_DISABLE_PLUGINS"}
    assert given.keys() == required - private.keys() | own


def test_secrets_are_generated_and_resolved_in_the_stack() -> None:
    for variable, functions in SECRETS.items():
        for function in functions:
            secret = environment_of(function)[variable]["Fn::Sub"]
            version = r"(?::\$\{OriginKey(?:Too)?\})?"
            [name] = set(re.findall(rf"\{{\{{resolve:secretsmanager:\$\{{(\w+)\}}:SecretString{version}\}}\}}", secret))
            assert RESOURCES[name]["Properties"]["GenerateSecretString"]["PasswordLength"] >= 32
            assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_new_petition_uses_a_secret_that_the_stack_has() -> None:
    version = RESOURCES["SignatureKeys"]["Properties"]["GenerateSecretString"]["GenerateStringKey"]
    assert a_petition().key_version == version


# Queues and streams.


def test_no_placeholder_of_the_code_is_left_in_the_template() -> None:
    text = json.dumps(TEMPLATE, default=str)
    arns = [value for name, value in vars(placeholders).items() if name.endswith("_ARN")]
    assert len(arns) == 2
    assert not [arn for arn in arns if arn in text]
    assert "000000000000" not in text


def test_the_mail_filter_matches_what_the_relay_reads() -> None:
    filters = events("DynamoDB")["RelayMail"]["FilterCriteria"]["Filters"]
    mail, letter, left = [json.loads(each["Pattern"])["dynamodb"] for each in filters]
    assert mail == {"NewImage": {"mail_kind": {"S": [{"exists": True}]}}}
    # "exists" works on leaves only: every letter has its version.
    has_letter = {"M": {"version": {"S": [{"exists": True}]}}}
    assert letter == {
        "OldImage": {"state": {"S": ["pending"]}},
        "NewImage": {"state": {"S": ["confirmed"]}, "letter": has_letter},
    }
    assert left == {
        "OldImage": {"state": {"S": ["confirmed"]}, "letter": has_letter},
        "NewImage": {"state": {"S": [{"anything-but": ["confirmed"]}]}},
    }
    assert SignedLetter.model_fields["version"].is_required()
    assert {"mail_kind", "letter"} <= set(Signature.model_fields)


MAILS: list[dict[str, Any]] = [{}, {"mail_kind": "confirm"}, {"mail_kind": "confirm", "mail_claimed_until": 1}]
MARKS: list[dict[str, Any]] = [{}, {"mailed_at": "2026-11-24T12:01:00Z"}, {"undeliverable": "bounced"}]
SIGNED = {"pk": "a#00", "sk": "x", "signed_at": "2026-11-24T12:00:00Z", "text_version": "v"}
IMAGES = [
    None,
    *({**SIGNED, "state": each, **mail, **mark} for each, mail, mark in product(SignatureState, MAILS, MARKS)),
]


def test_the_filter_passes_every_change_that_is_counted() -> None:
    counts = [
        (old, new)
        for old, new in product(IMAGES, IMAGES)
        if (old or new) and any(change.numbers for change in increments("1", old, new, NOW))
    ]
    assert len(counts) > 500
    assert not [change for change in counts if not _passes_filter(*change)]


@pytest.mark.parametrize(("old", "new"), list(pairwise(MAILS)))
def test_the_request_and_claim_of_a_first_mail_cost_no_invocation(old: dict[str, Any], new: dict[str, Any]) -> None:
    pending = {"state": SignatureState.PENDING}
    assert not _passes_filter({**pending, **old}, {**pending, **new})


def _passes_filter(old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    """Filter like Lambda: one pattern must match in every leaf. Lambda allows five patterns."""
    [by_name, *by_image] = [
        json.loads(each["Pattern"]) for each in events("DynamoDB")["ProjectSignatures"]["FilterCriteria"]["Filters"]
    ]
    assert len(by_image) <= 4
    name = "INSERT" if not old else "REMOVE" if not new else "MODIFY"
    images = {"OldImage": old or {}, "NewImage": new or {}}
    return name in by_name["eventName"] or any(
        all(_fits(rules, images[image]) for image, rules in pattern["dynamodb"].items()) for pattern in by_image
    )


def _fits(rules: dict[str, dict[str, list[Any]]], image: dict[str, Any]) -> bool:
    [(name, leaf)] = rules.items()
    [rule] = leaf["S"]
    if name not in image:
        return False
    return bool(rule.get("exists")) or image[name] not in rule.get("anything-but", [image[name]])


def test_email_can_wait_three_weeks_for_its_quota() -> None:
    """The senders retry every hour at most, and waiting must not make a dead letter."""
    assert all(QUEUES[queue]["RedrivePolicy"]["maxReceiveCount"] > 21 * 24 for queue in SENDERS.values())


def test_the_overflow_queue_survives_days_without_the_table() -> None:
    queue = QUEUES["OverflowQueue"]
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 4 * 24 * 3600


JOBS = {"CompareHashes", "RunExport", "RunImport", "RunList", "RunUpdate"}


def test_workers_leave_capacity_for_signing_in_a_new_account() -> None:
    bounds = {name: declared.at_once(name) for name in events("SQS")}
    # Staff start jobs one at a time for each petition, and rarely during a spike.
    assert {bounds.pop(job) for job in JOBS} == {2}
    # Other mail's event source is off while confirmations wait (mail/watch.py), so both are never fully busy.
    assert sum(bound for name, bound in bounds.items() if name != "SendOtherMail") <= 7
    # Lambda keeps 100 unreserved, which a reservation would not leave in a new account. So the default is none.
    assert all(TEMPLATE["Parameters"][name]["Default"] == "0" for name in preflight.RESERVED)


def test_the_signing_function_can_only_send_to_the_overflow_queue() -> None:
    assert {name for name in FUNCTIONS if "OverflowQueue" in json.dumps(statements(name))} == {
        "APIHandler",
        "Counts",
        "Partners",
        "People",
        "RunImport",
        "StoreOverflow",
    }
    for name in ("Counts", "People"):
        assert allowed(name, "OverflowQueue") == {"sqs:GetQueueAttributes"}
    assert allowed("APIHandler", "OverflowQueue") == {"sqs:SendMessage", "sqs:GetQueueAttributes"}
    assert allowed("StoreOverflow", "SignaturesTable") == {"dynamodb:PutItem", "dynamodb:UpdateItem"}


def test_the_gateway_throttles_each_route_as_listed() -> None:
    for route in ROUTES.values():
        for method in route.methods:
            limit = LIMITS.get((route.path, method), LIMITS["/*", "*"])
            assert (limit["ThrottlingRateLimit"], limit["ThrottlingBurstLimit"]) == route.throttle, route


def test_only_signing_and_the_page_after_it_may_use_the_whole_account() -> None:
    """An account has 10,000 requests a second and a burst of 5,000 (AWS quotas)."""
    full = {key for key, limit in LIMITS.items() if limit["ThrottlingRateLimit"] >= 10_000}
    assert full == {
        ("/petitions/{slug}/signatures", "POST"),
        *(("/api/petitions/{slug}/signatures", method) for method in ("POST", "OPTIONS")),
        *(("/petitions/{slug}/thanks", method) for method in ("GET", "HEAD")),
    }


def test_every_throttle_belongs_to_an_existing_method() -> None:
    methods = {(path, method.upper()) for path, methods in API["paths"].items() for method in methods}
    assert LIMITS.keys() - {("/*", "*")} <= methods


def test_every_worker_can_read_its_queue_or_stream() -> None:
    receive = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    for function, source in events("SQS").items():
        queue = source["Queue"]["Fn::GetAtt"][0]
        # A job sends itself a new message when time runs short.
        assert allowed(function, queue) - ({"sqs:SendMessage"} if function in JOBS else set()) == receive
    read = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    for function in events("DynamoDB"):
        assert allowed(function, "StreamArn") == read
        assert allowed(function, "StreamDeadLetterQueue") == {"sqs:SendMessage"}


# Tables.


@every_table
def test_a_tables_keys_are_those_of_the_code(table: str) -> None:
    properties = RESOURCES[table]["Properties"]
    schema = {each["KeyType"]: each["AttributeName"] for each in properties["KeySchema"]}
    assert [schema["HASH"], schema["RANGE"]] == list(wire_key(keys.petition("slug"))) == list(keys.Key._fields[1:])
    types = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
    assert types == dict.fromkeys(schema.values(), "S")


def test_signatures_expire_by_expires_at_and_stream_both_images() -> None:
    signatures = RESOURCES["SignaturesTable"]["Properties"]
    assert signatures["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in Signature.model_fields
    assert signatures["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_audit_trail_is_append_only() -> None:
    """Only the code makes sure that a put does not overwrite an entry: IAM has no condition for that."""
    policies = {name: allowed(name, "AuditTable") for name in FUNCTIONS if allowed(name, "AuditTable")}
    assert policies.pop("Manage") == {"dynamodb:PutItem", "dynamodb:Query"}
    assert all(actions == {"dynamodb:PutItem"} for actions in policies.values())


def test_a_recount_can_read_only_the_attributes_it_needs() -> None:
    [reading] = [each for each in statements("RecountTallies") if "SignaturesTable" in json.dumps(each["Resource"])]
    assert reading["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"] == [*KEY, *ANONYMOUS]
    assert reading["Condition"]["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert not {*ANONYMOUS} & {"name", "email", "postcode", "sk"}
    allowed_actions = {action for each in statements("RecountTallies") for action in actions(each)}
    assert not {f"dynamodb:{verb}Item" for verb in ("Put", "Update", "Delete", "BatchWrite")} & allowed_actions


# The API.


def test_every_request_of_the_contract_has_a_route() -> None:
    assert {(route.method, route.path) for route in ROUTES.values()} >= CONTRACT


def test_the_gateway_calls_the_listed_function_for_each_route_and_the_default_for_all_other_requests() -> None:
    listed = {(method, route.path): route.function for route in ROUTES.values() for method in route.methods}
    for method, path, function in integrations():
        assert function == listed.pop((method, path), Function.API), f"{method} {path}"
    assert not listed


def test_head_has_the_same_routes_authorizer_and_limit_as_get() -> None:
    for path, methods in API["paths"].items():
        assert ("head" in methods) is ("get" in methods), path
        if "get" in methods:
            assert methods["head"].get("security") == methods["get"].get("security"), path
    for (path, method), limit in LIMITS.items():
        if method == "GET":
            assert {**LIMITS[path, "HEAD"], "HttpMethod": "GET"} == limit


def test_unknown_paths_and_methods_reach_the_catch_all() -> None:
    """Each method is listed: the emulator does not read x-amazon-apigateway-any-method from a template."""
    changing = {"post", "put", "patch", "delete"}
    assert API["paths"][CATCH_ALL].keys() == {"get", "head", *changing}
    assert API["paths"]["/"].keys() == {"get", "head", *changing}, "the catch-all does not match /"
    for method in API["paths"][CATCH_ALL]:
        assert LIMITS[CATCH_ALL, method.upper()]["ThrottlingRateLimit"] == 50, "a scanner could use up the capacity"


def test_api_gateway_can_invoke_every_function_it_calls() -> None:
    permissions = of_type("AWS::Lambda::Permission").values()
    named = [each["FunctionName"] for each in permissions if "apigateway" in str(each["Principal"])]
    called = {name.get("Ref") or name["Fn::GetAtt"][0] for name in named}
    assert called == {function for _, _, function in integrations()} | {"StaffAuthorizer", "PartnerAuthorizer"}


@pytest.mark.parametrize(
    ("authorizer", "prefixes"),
    {"staff_authorizer": ("/api/staff/",), "partner_authorizer": ("/api/partner/", "/api/osdi")}.items(),
)
def test_exactly_the_routes_of_staff_and_partners_have_their_authorizer(
    authorizer: str, prefixes: tuple[str, ...]
) -> None:
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            guarded = operation.get("security") == [{authorizer: []}]
            needs_token = path.startswith(prefixes) and path not in OPEN_TO_STAFF_WITHOUT_TOKEN
            assert guarded is (needs_token and method != "options"), f"{method} {path}"


@pytest.mark.parametrize(("name", "kind"), [("staff_authorizer", "token"), ("partner_authorizer", "request")])
def test_the_authorizers_answers_are_not_cached(name: str, kind: str) -> None:
    """API Gateway calls an authorizer that gets all headers without identity sources only if nothing is cached."""
    definition = API["securityDefinitions"][name]
    authorizer = definition["x-amazon-apigateway-authorizer"]
    assert f"${{{to_cfn_resource_name(name)}.Arn}}" in json.dumps(authorizer["authorizerUri"])
    assert (authorizer["authorizerResultTtlInSeconds"], authorizer["type"]) == (0, kind)
    assert "identitySource" not in authorizer
    assert definition["name"] == ("Authorization" if kind == "token" else "Unused")


def test_exactly_the_listed_routes_have_views() -> None:
    registered = {
        (method, path, route.view_name) for path, methods in app.routes.items() for method, route in methods.items()
    }
    assert registered == {(method, each.path, each.view) for each in ROUTES.values() for method in each.methods}


def test_exactly_the_public_json_allows_any_origin() -> None:
    guarded = ("/api/staff/", "/api/partner/", "/api/osdi")
    public_json = {path for path in app.routes if path.startswith("/api/") and not path.startswith(guarded)}
    assert {path for path, methods in API["paths"].items() if "options" in methods} == public_json
    for path in public_json:
        for route in app.routes[path].values():
            assert route.cors.allow_origin == "*"
            assert "allow_credentials" not in str(route.cors.get_access_control_headers()).lower()


@every_function
def test_a_function_times_out_before_api_gateway(function: str) -> None:
    if function in {called for _, _, called in integrations()}:
        assert FUNCTIONS[function]["Timeout"] < 29


def test_the_stage_has_one_name_everywhere() -> None:
    assert RESOURCES["RestAPI"]["Properties"]["StageName"] == CONFIG["api_gateway_stage"]
    url = TEMPLATE["Outputs"]["SiteUrlInUse"]["Value"]["Fn::If"][2]["Fn::Sub"]
    assert url.endswith(f"/{CONFIG['api_gateway_stage']}")


# Pages and emails.


def pages_named_in_code() -> set[str]:
    texts = {
        node.value
        for path in CODE.rglob("*.py")
        if "mail" not in path.relative_to(CODE).parts or path.name == "links.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[a-z][a-z_]*\.html", text)}


def test_every_page_template_is_used_and_exists() -> None:
    folder = Path(render.__file__).with_name("templates")
    pages = {path.name for path in folder.glob("[!_]*.html")} - {"base.html"}
    assert pages_named_in_code() == pages
