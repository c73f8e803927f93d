"""Send email with SES v2, and read how much of SES's quota is used and to whom SES sends nothing."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import Header
from email.utils import formataddr
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.aws import clients
from chalicelib.aws.failures import THROTTLES, code_of, is_refusal, report_denial, translate_errors
from chalicelib.core import log
from chalicelib.core.errors import (
    Denied,
    MailRefused,
    RateExceeded,
    SendingStopped,
    SetStopped,
    Throttled,
    UnknownThing,
    Unreached,
)
from chalicelib.core.printable import ENCODED_WORD, one_line
from chalicelib.core.settings import Reputation, settings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


# The account sends nothing until somebody repairs it. If AWS pauses it because of bounces or complaints, SES refuses
# each email with MessageRejected, as it refuses wrong emails. Only the message distinguishes them.
STOPPED = frozenset({"SendingPausedException", "AccountSuspendedException"})
STOPPED_MESSAGE = re.compile("(sending|send email|account).*(paused|suspended|disabled|shut down)", re.IGNORECASE)
# SES uses the same codes for the sending rate and for the daily quota. Only the message distinguishes them.
TOO_MANY = THROTTLES | {"LimitExceededException"}
QUOTA = "quota exceeded"
# SES refuses only the emails of one configuration set, because somebody switched this set off.
SET = "configuration set"
# Our settings are wrong, not the message.
MISCONFIGURED = frozenset({"MailFromDomainNotVerifiedException", "NotFoundException"})
# SES will never accept this message: its address or content is wrong.
REFUSED = frozenset({"MessageRejected", "BadRequestException"})
# The longest sender, name and address together, that SES accepts.
MAX_SENDER_LENGTH = 320
# Between invocations, Lambda may drop idle connections without a sign. Then it would be unknown whether the next email
# was sent (docs/aws-facts.md). AWS does not say how long "idle" is.
IDLE = timedelta(seconds=20)
# The longest time that a call to SES takes, in seconds.
LONGEST_CALL = clients.longest_call(clients.MAIL_CONFIG)


@dataclass(frozen=True)
class Mail:
    """One email to one person. SES adds `tags` to its reports about the email, such as bounces, not to the email."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    sender_name: str = ""
    reply_to: str = ""
    reputation: Reputation = Reputation.SIGNATURES


class Mailer:
    """Sends email. A batch is what one invocation of the Lambda function sends: perhaps nothing."""

    def __init__(self, client: "SESV2Client", sender: str, configuration_sets: Mapping[Reputation, str]) -> None:
        self._client = client
        self._sender = sender
        self._configuration_sets = configuration_sets
        self._batch_began_at: datetime | None = None
        # When the last batch that sent an email began.
        self._sending_batch_began_at: datetime | None = None

    def close_if_idle(self, now: datetime) -> None:
        """Close the connection to SES if the last batch that sent an email began more than IDLE ago.

        The connection was used then or later, so it is never closed too late. Call this at the start of each batch.
        """
        if self._sending_batch_began_at is not None and now - self._sending_batch_began_at > IDLE:
            self._client.close()
            self._sending_batch_began_at = None
        self._batch_began_at = now

    def send(self, mail: Mail) -> str:
        """Send the email, and return SES's id of it. Raise MailRefused if SES will never accept the email.

        Raise Throttled, Denied or Unreached if the email was not sent. Raise plain Unavailable if perhaps it was sent.
        """
        self._sending_batch_began_at = self._batch_began_at  # For `close_if_idle`: this batch uses the connection.
        reply_to: dict[str, Any] = {"ReplyToAddresses": [mail.reply_to]} if mail.reply_to else {}
        # The inner one gets an error first: without a connection, Unreached, where `translate_errors` would raise
        # Unavailable.
        with translate_errors("mail", _ses_error), _translate_no_connection():
            answer = self._client.send_email(
                FromEmailAddress=sender_header(self._sender, mail.sender_name),
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": mail.text, "Charset": "UTF-8"},
                            "Html": {"Data": mail.html, "Charset": "UTF-8"},
                        },
                        "Headers": _names_and_values(mail.headers),
                    }
                },
                EmailTags=_names_and_values(mail.tags),
                ConfigurationSetName=self._configuration_sets[mail.reputation],
                **reply_to,
            )
        return answer["MessageId"]


def _names_and_values(values: Mapping[str, str]) -> list[Any]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def sender_header(address: str, name: str) -> str:
    """Return the sender as SES expects it. Cut a name that is too long."""
    name = one_line(name)
    if not name:
        return address
    whole = _name_and_address(address, name)
    if len(whole) <= MAX_SENDER_LENGTH:
        return whole

    def length_of_sender(shortened_name: str) -> int:
        return len(_name_and_address(address, shortened_name))

    shortened_names = [f"{name[:kept].rstrip()}..." for kept in range(len(name))]
    # Encoding takes time, so find by binary search how many of the ever longer senders fit. The first, "...", always
    # does.
    how_many_fit = bisect_right(shortened_names, MAX_SENDER_LENGTH, key=length_of_sender)
    return _name_and_address(address, shortened_names[how_many_fit - 1])


def _name_and_address(address: str, name: str) -> str:
    """Encode a name that is not ASCII (RFC 2047), as SES requires, or that programs would decode."""
    if name.isascii() and ENCODED_WORD not in name:
        return formataddr((name, address))
    # An encoded word has at most 75 characters, and `formataddr` would write a longer one. A space separates the words.
    return f"{Header(name, 'utf-8', maxlinelen=75).encode(linesep='')} <{address}>"


@contextmanager
def _translate_no_connection() -> Iterator[None]:
    """Raise Unreached if there was no connection to SES. Nothing was sent: the SDK makes one attempt (MAIL_CONFIG)."""
    try:
        yield
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        raise Unreached("mail") from error


def _ses_error(error: ClientError) -> Throttled | MailRefused | Denied | None:
    """Return None for errors that `translate_errors` itself translates."""
    code, message = code_of(error), error.response["Error"].get("Message", "")
    # SES also reports an unverified sender as MessageRejected: our fault, not the recipient's. The message quotes
    # addresses, which may have the words of STOPPED_MESSAGE. So look for this first.
    is_sender_unverified = code in REFUSED and "not verified" in message
    if code in MISCONFIGURED or is_sender_unverified:
        return report_denial(error, "mail")
    is_quota_used_up = code in TOO_MANY and QUOTA in message.lower()
    is_account_paused = code in REFUSED and STOPPED_MESSAGE.search(message) is not None
    if SET in message.lower() and (code in STOPPED or is_account_paused):
        return SetStopped("mail")
    if code in STOPPED or is_quota_used_up or is_account_paused:
        return SendingStopped("mail")
    if code in TOO_MANY:
        return RateExceeded("mail")
    if code in REFUSED:
        log.event("mail_refused", code=code)  # Not SES's message: it may quote the address.
        return MailRefused()
    # SES did not send the email. `report_denial` logs the code, so that somebody finds out why.
    return report_denial(error, "mail") if is_refusal(error) else None


@cache
def mailer() -> Mailer:
    return Mailer(clients.ses(), settings().mail_from, settings().configuration_sets)


class DailyQuota(NamedTuple):
    """How many emails SES sends in 24 hours at most, and how many it sent in the last 24. `most`: -1 for no limit."""

    most: float
    sent: float

    @property
    def used_share(self) -> float:
        """Return 0.8 for 80 %; 0 without a limit."""
        return self.sent / self.most if self.most > 0 else 0


class MailQuota:
    """The limits that SES gives an account in a region. All senders share them, also those of other stages."""

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client

    def daily(self) -> DailyQuota:
        """Raise Unavailable."""
        with translate_errors("mail quota", _quota_error):
            quota = self._client.get_account().get("SendQuota", {})
        return DailyQuota(quota.get("Max24HourSend", -1), quota.get("SentLast24Hours", 0))

    def suppresses(self, address: str) -> bool:
        """Return whether SES stopped sending after a bounce or complaint. Raise Unavailable without an answer."""
        try:
            with translate_errors("mail quota", _quota_error):
                self._client.get_suppressed_destination(EmailAddress=address)
        except UnknownThing:
            return False
        return True


def _quota_error(error: ClientError) -> Denied | UnknownThing | None:
    """Every refusal is Denied: callers go on without an answer, whatever the reason is."""
    if code_of(error) == "NotFoundException":
        return UnknownThing("The list has no such address.")
    return report_denial(error, "mail quota") if is_refusal(error) else None


@cache
def mail_quota() -> MailQuota:
    return MailQuota(clients.ses_account())
