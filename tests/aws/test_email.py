"""Send email with SES, and translate its errors."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.stub import ANY, Stubber

from chalicelib.aws import clients
from chalicelib.aws.email import Mail, Mailer, MailQuota, sender_header
from chalicelib.core.errors import Denied, RateExceeded, SendingStopped, SetStopped, Throttled, Unavailable, Unreached
from chalicelib.core.settings import Reputation
from tests.actors import ALICE

MAIL = Mail(
    ALICE.email,
    "Zoë's subject",
    "text",
    "<p>html</p>",
    {"List-Unsubscribe": "<https://x>"},
    {"petition": "safe-children", "signature": "0" * 32},
)


@pytest.fixture
def mailer_and_stub() -> Iterator[tuple[Mailer, Stubber]]:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("sesv2", region_name="eu-west-2", config=clients.MAIL_CONFIG, **keys)  # type: ignore[call-overload]
    with Stubber(client) as stub:
        yield Mailer(client, "petitions@harbour.example", {each: f"{each}-test" for each in Reputation}), stub
        stub.assert_no_pending_responses()


def test_an_email_has_one_recipient_text_html_headers_and_tags(mailer_and_stub: tuple[Mailer, Stubber]) -> None:
    mailer, stub = mailer_and_stub
    body = {"Text": {"Data": "text", "Charset": "UTF-8"}, "Html": {"Data": "<p>html</p>", "Charset": "UTF-8"}}
    expected = {
        "FromEmailAddress": "petitions@harbour.example",
        "Destination": {"ToAddresses": [ALICE.email]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Zoë's subject", "Charset": "UTF-8"},
                "Body": body,
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://x>"}],
            }
        },
        "EmailTags": [{"Name": "petition", "Value": "safe-children"}, {"Name": "signature", "Value": "0" * 32}],
        "ConfigurationSetName": "signatures-test",
    }
    stub.add_response("send_email", {"MessageId": "m-1"}, expected)
    assert mailer.send(MAIL) == "m-1"


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("", "a@b.example"),
        ("Harbour for Children", "Harbour for Children <a@b.example>"),
        ('Help, "now"', '"Help, \\"now\\"" <a@b.example>'),
        ("Bad\r\nBcc: x@y.example", '"Bad Bcc: x@y.example" <a@b.example>'),
        ("Ann\x00\x1b\u202e", "Ann <a@b.example>"),
    ],
)
def test_the_sender_has_a_name(name: str, sender: str) -> None:
    assert sender_header("a@b.example", name) == sender


def test_a_name_that_seems_to_be_encoded_is_shown_as_it_is() -> None:
    name = "Ann =?utf-8?b?cGF5?="
    sender = sender_header("a@b.example", name)
    assert str(make_header(decode_header(sender))) == f"{name} <a@b.example>"


def test_a_long_name_in_any_script_is_encoded_for_ses() -> None:
    name = "Elusen y Plant â’r Tŵr yn y Môr, Caerdydd a’r Fro – " * 2
    sender = sender_header("a@b.example", name)
    assert sender.isascii()
    assert "\n" not in sender
    assert max(map(len, sender.split())) <= 75  # RFC 2047, 2
    assert str(make_header(decode_header(sender))) == f"{name.strip()} <a@b.example>"


@pytest.mark.parametrize("character", ["a", '"', "é", "王", "👋"])
def test_a_name_that_is_too_long_for_ses_is_cut(character: str) -> None:
    name = f"{character * 100} via {character * 200}"
    sender = sender_header("petitions@harbour.example", name)
    assert 300 < len(sender) <= 320
    [(shown, address)] = getaddresses([str(make_header(decode_header(sender)))])
    assert (shown[:20], shown[-4:], address) == (name[:20], f"{character}...", "petitions@harbour.example")


@pytest.mark.parametrize(("reply_to", "expected"), [("", {}), (ALICE.email, {"ReplyToAddresses": [ALICE.email]})])
def test_replies_go_to_another_address_only_if_the_email_names_one(
    mailer_and_stub: tuple[Mailer, Stubber], reply_to: str, expected: dict[str, list[str]]
) -> None:
    mailer, stub = mailer_and_stub
    common = {"FromEmailAddress": ANY, "Destination": ANY, "Content": ANY, "EmailTags": ANY}
    stub.add_response("send_email", {"MessageId": "m-1"}, {**common, "ConfigurationSetName": ANY, **expected})
    mailer.send(Mail("a@b.example", "s", "t", "h", reply_to=reply_to))


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 400, RateExceeded),
        ("InternalFailure", 500, Unavailable),
        ("AccessDeniedException", 403, Denied),
        ("SomethingNew", 400, Denied),
        ("RequestTimeoutException", 408, Unavailable),
    ],
)
def test_each_undocumented_ses_error_is_translated(
    mailer_and_stub: tuple[Mailer, Stubber], code: str, status: int, error: type[Exception]
) -> None:
    mailer, stub = mailer_and_stub
    stub.add_client_error("send_email", code, http_status_code=status)
    with pytest.raises(error) as caught:
        mailer.send(MAIL)
    assert type(caught.value) is error or error is ClientError


@pytest.mark.parametrize(
    "code", ["Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException"]
)
@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Maximum sending rate exceeded.", RateExceeded),
        ("Daily message quota exceeded.", SendingStopped),
        ("Daily sending quota exceeded", SendingStopped),
    ],
)
def test_the_message_of_an_ses_error_distinguishes_rate_and_quota(
    mailer_and_stub: tuple[Mailer, Stubber], code: str, message: str, error: type[Exception]
) -> None:
    """The code may vary: documentation and responses of SES differ."""
    mailer, stub = mailer_and_stub
    stub.add_client_error("send_email", code, message, 400)
    with pytest.raises(error):
        mailer.send(MAIL)


@pytest.mark.parametrize("message", ["Sending paused for this account. …", "Email sending has been disabled for it"])
def test_a_paused_account_stops_sending_and_marks_nobody_as_undeliverable(
    mailer_and_stub: tuple[Mailer, Stubber], message: str
) -> None:
    """AWS pauses an account because of bounces or complaints. SES then rejects every email."""
    mailer, stub = mailer_and_stub
    stub.add_client_error("send_email", "MessageRejected", message)
    with pytest.raises(SendingStopped):
        mailer.send(MAIL)


def test_a_configuration_set_that_is_switched_off_stops_only_its_own_emails(
    mailer_and_stub: tuple[Mailer, Stubber],
) -> None:
    mailer, stub = mailer_and_stub
    for code in ("SendingPausedException", "MessageRejected"):
        stub.add_client_error("send_email", code, "Sending is paused for configuration set updates-test.")
        with pytest.raises(SetStopped):
            mailer.send(MAIL)


def test_each_reputation_has_its_own_configuration_set(mailer_and_stub: tuple[Mailer, Stubber]) -> None:
    mailer, stub = mailer_and_stub
    for reputation in Reputation:
        expected = dict.fromkeys(("FromEmailAddress", "Destination", "Content", "EmailTags"), ANY)
        stub.add_response("send_email", {"MessageId": "1"}, {**expected, "ConfigurationSetName": f"{reputation}-test"})
        mailer.send(replace(MAIL, reputation=reputation))


def test_an_unverified_sender_is_our_fault_and_not_the_recipients(mailer_and_stub: tuple[Mailer, Stubber]) -> None:
    """SES reports MessageRejected for it too. Marking recipients as undeliverable would stop every email."""
    mailer, stub = mailer_and_stub
    stub.add_client_error("send_email", "MessageRejected", "Email address is not verified. account@suspended.example")
    with pytest.raises(Denied):
        mailer.send(MAIL)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (ConnectTimeoutError, Unreached),
        (EndpointConnectionError, Unreached),
        (ReadTimeoutError, Unavailable),
        (ConnectionClosedError, Unavailable),
    ],
)
def test_an_email_without_an_answer_is_surely_unsent_only_if_there_was_no_connection(
    mailer_and_stub: tuple[Mailer, Stubber], failure: type[BotoCoreError], error: type[Exception]
) -> None:
    mailer, stub = mailer_and_stub
    stub.deactivate()

    def fail(**_: object) -> None:
        raise failure(endpoint_url="x", error="x")

    stub.client.meta.events.register("before-send.sesv2", fail)
    with pytest.raises(Unavailable) as caught:
        mailer.send(MAIL)
    assert type(caught.value) is error


@pytest.fixture
def quota_and_stub() -> Iterator[tuple[MailQuota, Stubber]]:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("sesv2", region_name="eu-west-2", **keys)  # type: ignore[call-overload]
    with Stubber(client) as stub:
        yield MailQuota(client), stub
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("most", "sent", "share"),
    [(50_000, 0, 0), (50_000, 40_000, 0.8), (200, 200, 1), (-1, 1_000_000, 0), (0, 0, 0)],
)
def test_the_used_share_is_of_the_last_24_hours_and_0_without_a_limit(
    quota_and_stub: tuple[MailQuota, Stubber], most: float, sent: float, share: float
) -> None:
    quota, stub = quota_and_stub
    numbers = {"Max24HourSend": most, "MaxSendRate": 14.0, "SentLast24Hours": sent}
    stub.add_response("get_account", {"SendQuota": numbers}, {})
    assert quota.daily().used_share == share


def test_an_answer_without_a_quota_means_no_limit(quota_and_stub: tuple[MailQuota, Stubber]) -> None:
    quota, stub = quota_and_stub
    stub.add_response("get_account", {}, {})
    assert quota.daily().used_share == 0


def test_an_address_is_suppressed_if_it_is_on_the_list(quota_and_stub: tuple[MailQuota, Stubber]) -> None:
    quota, stub = quota_and_stub
    address = "bob@mail.example"
    found = {"EmailAddress": address, "Reason": "BOUNCE", "LastUpdateTime": datetime(2026, 11, 24, tzinfo=UTC)}
    stub.add_response("get_suppressed_destination", {"SuppressedDestination": found}, {"EmailAddress": address})
    stub.add_client_error("get_suppressed_destination", "NotFoundException", http_status_code=404)
    assert [quota.suppresses(address), quota.suppresses("alice@mail.example")] == [True, False]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("TooManyRequestsException", 429, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("AccessDeniedException", 403, Denied),
        ("BadRequestException", 400, Denied),
        ("RequestTimeout", 408, Unavailable),
        ("InternalFailure", 500, Unavailable),
    ],
)
def test_no_error_of_ses_stops_the_caller(
    quota_and_stub: tuple[MailQuota, Stubber], code: str, status: int, error: type[Any]
) -> None:
    quota, stub = quota_and_stub
    stub.add_client_error("get_account", code, http_status_code=status)
    with pytest.raises(Unavailable) as caught:
        quota.daily()
    assert type(caught.value) is error
