"""Which actions and resources requests to SQS, SES, Lambda and S3 need."""

from typing import Any

import pytest

from stack.referee.model import Call, Question, UnknownCall, Where
from stack.referee.questions import questions

WHERE = Where("eu-west-2", "123456789012")
URL = "https://sqs.eu-west-2.amazonaws.com/123456789012/mail"
QUEUE = "arn:aws:sqs:eu-west-2:123456789012:mail"
MAIL: dict[str, Any] = {
    "FromEmailAddress": "Harbour <petitions@example.org>",
    "Destination": {"ToAddresses": ["Alice <alice@mail.example>"], "CcAddresses": ["bob@mail.example"]},
    "ConfigurationSetName": "set",
}


def questions_of(service: str, operation: str, **params: Any) -> list[Question]:
    return questions(Call(service, operation, params), WHERE)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("SendMessage", "sqs:SendMessage"),
        ("SendMessageBatch", "sqs:SendMessage"),
        ("DeleteMessageBatch", "sqs:DeleteMessage"),
        ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ("ReceiveMessage", "sqs:ReceiveMessage"),
        ("GetQueueAttributes", "sqs:GetQueueAttributes"),
    ],
)
def test_a_batch_needs_the_permission_of_its_single_operation(operation: str, action: str) -> None:
    assert questions_of("sqs", operation, QueueUrl=URL) == [Question(action, QUEUE, {})]


def test_a_mail_needs_its_address_its_domain_and_its_configuration_set() -> None:
    found = questions_of("sesv2", "SendEmail", **MAIL)
    assert {each.action for each in found} == {"ses:SendEmail"}
    assert [each.resource.rpartition(":")[2] for each in found] == [
        "identity/petitions@example.org",
        "identity/example.org",
        "configuration-set/set",
    ]


def test_the_context_of_a_mail_has_its_sender_and_recipients() -> None:
    found = questions_of("sesv2", "SendEmail", **MAIL)
    assert found
    for question in found:
        assert question.context == {
            "ses:ApiVersion": "2",
            "ses:FromAddress": "petitions@example.org",
            "ses:FromDisplayName": "Harbour",
            "ses:Recipients": ["alice@mail.example", "bob@mail.example"],
        }


def test_a_mail_without_a_configuration_set_does_not_need_one() -> None:
    bare = {"FromEmailAddress": "petitions@example.org", "Destination": {"ToAddresses": ["a@b.example"]}}
    assert len(questions_of("sesv2", "SendEmail", **bare)) == 2


def test_reading_the_quota_of_email_has_no_resource() -> None:
    assert questions_of("sesv2", "GetAccount") == [Question("ses:GetAccount", "*", {"ses:ApiVersion": "2"})]


def test_a_policy_must_name_all_resources_to_allow_reading_the_suppression_list() -> None:
    arn = "arn:aws:ses:eu-west-2:123456789012:tenant/any/any"
    expected = Question("ses:GetSuppressedDestination", arn, {"ses:ApiVersion": "2"})
    assert questions_of("sesv2", "GetSuppressedDestination", EmailAddress="a@b.example") == [expected]


@pytest.mark.parametrize("content", ["Raw", "Template"])
def test_a_mail_that_is_not_simple_is_not_judged(content: str) -> None:
    questions_of("sesv2", "SendEmail", **MAIL, Content={"Simple": {}})
    with pytest.raises(UnknownCall):
        questions_of("sesv2", "SendEmail", **MAIL, Content={content: {}})


@pytest.mark.parametrize("operation", ["GetEventSourceMapping", "UpdateEventSourceMapping"])
def test_an_event_source_mapping_is_a_separate_resource(operation: str) -> None:
    arn = "arn:aws:lambda:eu-west-2:123456789012:event-source-mapping:a-b"
    assert questions_of("lambda", operation, UUID="a-b") == [Question(f"lambda:{operation}", arn, {})]


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("PutObject", "s3:PutObject"),
        ("CreateMultipartUpload", "s3:PutObject"),
        ("UploadPart", "s3:PutObject"),
        ("CompleteMultipartUpload", "s3:PutObject"),
        ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
        ("GetObject", "s3:GetObject"),
        ("HeadObject", "s3:GetObject"),
        ("DeleteObject", "s3:DeleteObject"),
    ],
)
def test_a_call_for_an_object_needs_an_action_on_its_key(operation: str, action: str) -> None:
    assert questions_of("s3", operation, Bucket="b", Key="parts/1") == [Question(action, "arn:aws:s3:::b/parts/1", {})]


def test_deleting_many_objects_needs_an_action_on_each_key() -> None:
    found = questions_of(
        "s3", "DeleteObjects", Bucket="b", Delete={"Objects": [{"Key": "parts/1"}, {"Key": "files/2"}]}
    )
    assert [(each.action, each.resource) for each in found] == [
        ("s3:DeleteObject", "arn:aws:s3:::b/parts/1"),
        ("s3:DeleteObject", "arn:aws:s3:::b/files/2"),
    ]


def test_a_listing_needs_an_action_on_the_bucket_and_its_context_has_the_prefix() -> None:
    assert questions_of("s3", "ListObjectsV2", Bucket="b", Prefix="parts/a/") == [
        Question("s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": "parts/a/"})
    ]
    assert questions_of("s3", "ListObjectsV2", Bucket="b")[0].context == {}


@pytest.mark.parametrize("service", ["sqs", "sesv2", "lambda", "s3", "sts"])
def test_an_operation_that_the_referee_does_not_know_is_not_judged(service: str) -> None:
    with pytest.raises(UnknownCall):
        questions_of(service, "SetEverything", QueueUrl=URL, Bucket="b", Key="k", UUID="a")
