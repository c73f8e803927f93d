"""The template is within the quotas of CloudFormation and of each service."""

import json
import re
from collections import Counter

from stack.deploy import stack_name
from stack.template.functions import CONFIGURATION_SETS
from tests.template.packaged import API, FUNCTIONS, QUEUES, RESOURCES, TEMPLATE, events, of_type

# CloudFormation adds a dash and twelve characters to a name that it generates.
GENERATED_SUFFIX = 13
LONGEST_STAGE = "s" * 16


def test_the_stack_is_within_cloudformations_limits() -> None:
    number_of_events = sum(len(function.get("Events", {})) for function in FUNCTIONS.values())
    settings = sum("EventInvokeConfig" in function for function in FUNCTIONS.values())
    # The transform creates at most two resources for each event (a rule and its permission), and three for the API.
    generated = 2 * number_of_events + settings + 3
    assert len(RESOURCES) + generated <= 500
    assert len(json.dumps(TEMPLATE)) < 1_000_000
    assert json.dumps(TEMPLATE).count("{{resolve:") <= 60, "dynamic references to secrets"


def test_no_generated_name_of_a_function_or_role_is_over_64_characters() -> None:
    """A role's policy names the log group by its prefix. CloudFormation shortens names over 64 characters."""
    for kind in ("AWS::Serverless::Function", "AWS::IAM::Role"):
        for name in of_type(kind):
            assert len(f"{stack_name(LONGEST_STAGE)}-{name}") + GENERATED_SUFFIX <= 64
    pattern = TEMPLATE["Parameters"]["Stage"]["AllowedPattern"]
    assert re.fullmatch(pattern, LONGEST_STAGE)
    assert not re.fullmatch(pattern, f"{LONGEST_STAGE}s")


def test_a_roles_policies_are_within_iams_10240_characters() -> None:
    for role in of_type("AWS::IAM::Role").values():
        assert len(json.dumps(role["Policies"], separators=(",", ":"))) <= 10_240


def test_queues_are_within_the_limits_of_sqs() -> None:
    for queue in QUEUES.values():
        assert 1 <= queue.get("RedrivePolicy", {}).get("maxReceiveCount", 1) <= 1000
        assert 60 <= queue.get("KmsDataKeyReusePeriodSeconds", 300) <= 86_400


def test_streams_are_within_the_limits_of_lambda_and_dynamodb() -> None:
    sources = events("DynamoDB").values()
    readers = Counter(json.dumps(source["Stream"]) for source in sources)
    assert all(count <= 2 for count in readers.values()), "a third reader of a stream is throttled"
    for source in sources:
        filters = source["FilterCriteria"]["Filters"]
        assert 1 <= len(filters) <= 5
        assert all(len(each["Pattern"]) <= 4096 for each in filters)


def test_the_identity_is_a_domain_and_its_mail_from_is_optional() -> None:
    """AWS refuses DKIM attributes of an address, and then rolls the stack back."""
    for parameter in ("MailIdentity", "MailFromDomain"):
        pattern = TEMPLATE["Parameters"][parameter]["AllowedPattern"]
        for valid in ("", "example.org", "bounce.our-charity.org.uk"):
            assert re.fullmatch(pattern, valid)
        for invalid in ("a@example.org", "example", "-a.org", "a..org"):
            assert not re.fullmatch(pattern, invalid)
    [identity] = of_type("AWS::SES::EmailIdentity").values()
    chosen = {"MailFromDomain": {"Ref": "MailFromDomain"}, "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    assert identity["MailFromAttributes"] == {"Fn::If": ["HasMailFromDomain", chosen, {"Ref": "AWS::NoValue"}]}


def test_an_email_with_a_token_is_never_sent_as_plain_text() -> None:
    configurations = of_type("AWS::SES::ConfigurationSet").values()
    assert [each["DeliveryOptions"] for each in configurations] == [{"TlsPolicy": "REQUIRE"}] * len(CONFIGURATION_SETS)


def test_bounces_with_peoples_addresses_are_events_and_not_emails_to_the_sender() -> None:
    [identity] = of_type("AWS::SES::EmailIdentity").values()
    assert identity["FeedbackAttributes"] == {"EmailForwardingEnabled": False}
    # SES forwards nevertheless if nothing else gets these events.
    destinations = of_type("AWS::SES::ConfigurationSetEventDestination").values()
    sets = [each["ConfigurationSetName"]["Ref"] for each in destinations]
    assert sorted(sets) == sorted(of_type("AWS::SES::ConfigurationSet"))
    for destination in destinations:
        assert {*destination["EventDestination"]["MatchingEventTypes"]} == {"bounce", "complaint", "reject"}


def test_a_report_of_spam_about_an_update_does_not_suppress_confirmations() -> None:
    """The suppression list is one for the account."""
    reasons = {}
    for name, configuration in of_type("AWS::SES::ConfigurationSet").items():
        reasons[name] = configuration["SuppressionOptions"]["SuppressedReasons"]
    both = ["BOUNCE", "COMPLAINT"]
    assert reasons == {
        "MailConfigurationSet": both,
        "UpdatesConfigurationSet": ["BOUNCE"],
        "LettersConfigurationSet": both,
    }


def test_pictures_are_bytes_for_every_reader_and_preflights_still_work() -> None:
    api = API
    assert api["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    options = [methods["options"] for methods in api["paths"].values() if "options" in methods]
    integrations = [each["x-amazon-apigateway-integration"] for each in options]
    handled = {each["contentHandling"] for each in integrations if each["type"] == "mock"}
    assert handled == {"CONVERT_TO_TEXT"}
