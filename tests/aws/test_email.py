"""Send email with SES, and translate its errors."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib.aws import clients
from chalicelib.aws.email import Mail, Mailer, MailQuota, sender_header
from chalicelib.core.errors import Denied, RateExceeded, SendingStopped, SetStopped, Throttled, Unavailable, Unreached
from chalicelib.core.settings import Reputation
from tests.actors import ALICE
from tests.aws.stubbed import Stub, stubbed

MAIL = Mail(
    ALICE.email,
    "Zoë's subject",
    "text",
    "<p>html</p>",
    {"List-Unsubscribe": "<https://x>"},
    {"petition": "safe-children", "signature": "0" * 32},
)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with stubbed("sesv2", clients.MAIL_CONFIG) as stub:
        yield stub


@pytest.fixture
def mailer(stub: Stub) -> Mailer:
    return Mailer(stub.client, "petitions@harbour.example", {each: f"{each}-test" for each in Reputation})


@pytest.fixture
def quota(stub: Stub) -> MailQuota:
    return MailQuota(stub.client)


@pytest.mark.parametrize(("reply_to", "replies"), [("", {}), (ALICE.email, {"ReplyToAddresses": [ALICE.email]})])
def test_an_email_has_one_recipient_text_html_headers_tags_and_perhaps_an_address_for_replies(
    stub: Stub, mailer: Mailer, reply_to: str, replies: dict[str, list[str]]
) -> None:
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
        **replies,
    }
    stub.add_response("send_email", {"MessageId": "m-1"}, expected)
    assert mailer.send(replace(MAIL, reply_to=reply_to)) == "m-1"


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


@pytest.mark.parametrize("name", ["Ann =?utf-8?b?cGF5?=", "Elusen y Plant â’r Tŵr yn y Môr, Caerdydd a’r Fro – " * 2])
def test_a_name_that_seems_encoded_or_is_long_and_in_another_script_is_encoded_for_ses(name: str) -> None:
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


TOO_MANY = ("Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException")
TOO_MANY_MESSAGES: list[tuple[str, type[Exception]]] = [
    ("Maximum sending rate exceeded.", RateExceeded),
    ("Daily message quota exceeded.", SendingStopped),
    ("Daily sending quota exceeded", SendingStopped),
]
SET_IS_OFF = "Sending is paused for configuration set updates-test."
SES_ERRORS: list[tuple[str, str, int, type[Exception]]] = [
    ("ThrottlingException", "", 400, RateExceeded),
    ("InternalFailure", "", 500, Unavailable),
    ("AccessDeniedException", "", 403, Denied),
    ("SomethingNew", "", 400, Denied),
    ("RequestTimeoutException", "", 408, Unavailable),
    # The code may vary: documentation and responses of SES differ.
    *((code, message, 400, error) for code in TOO_MANY for message, error in TOO_MANY_MESSAGES),
    # AWS pauses an account because of bounces or complaints. SES then rejects every email.
    ("MessageRejected", "Sending paused for this account. …", 400, SendingStopped),
    ("MessageRejected", "Email sending has been disabled for it", 400, SendingStopped),
    *((code, SET_IS_OFF, 400, SetStopped) for code in ("SendingPausedException", "MessageRejected")),
    # It is our fault, not the recipient's: marking recipients as undeliverable would stop every email.
    ("MessageRejected", "Email address is not verified. account@suspended.example", 400, Denied),
]


@pytest.mark.parametrize(("code", "message", "status", "error"), SES_ERRORS)
def test_an_error_of_ses_is_translated_by_its_code_and_message(
    stub: Stub, mailer: Mailer, code: str, message: str, status: int, error: type[Exception]
) -> None:
    """tests/aws/test_failures.py has the documented codes."""
    stub.add_client_error("send_email", code, message, status)
    with pytest.raises(error) as caught:
        mailer.send(MAIL)
    assert type(caught.value) is error


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
    stub: Stub, mailer: Mailer, failure: type[BotoCoreError], error: type[Exception]
) -> None:
    stub.deactivate()

    def fail(**_: object) -> None:
        raise failure(endpoint_url="x", error="x")

    stub.client.meta.events.register("before-send.sesv2", fail)
    with pytest.raises(Unavailable) as caught:
        mailer.send(MAIL)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("numbers", "share"),
    [
        ({"Max24HourSend": 50_000, "SentLast24Hours": 0}, 0),
        ({"Max24HourSend": 50_000, "SentLast24Hours": 40_000}, 0.8),
        ({"Max24HourSend": 200, "SentLast24Hours": 200}, 1),
        ({"Max24HourSend": -1, "SentLast24Hours": 1_000_000}, 0),
        ({"Max24HourSend": 0, "SentLast24Hours": 0}, 0),
        ({}, 0),
    ],
)
def test_the_used_share_is_of_the_last_24_hours_and_0_without_a_limit(
    stub: Stub, quota: MailQuota, numbers: dict[str, int], share: float
) -> None:
    stub.add_response("get_account", {"SendQuota": numbers} if numbers else {}, {})
    assert quota.daily().used_share == share


def test_an_address_is_suppressed_if_it_is_on_the_list(stub: Stub, quota: MailQuota) -> None:
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
    stub: Stub, quota: MailQuota, code: str, status: int, error: type[Any]
) -> None:
    stub.add_client_error("get_account", code, http_status_code=status)
    with pytest.raises(Unavailable) as caught:
        quota.daily()
    assert type(caught.value) is error
