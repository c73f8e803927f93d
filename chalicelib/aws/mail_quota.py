"""Read how much of SES's quota is used, a number of emails in any 24 hours, and to whom SES sends nothing."""

from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.aws import clients
from chalicelib.aws.failures import code_of, is_refusal, report_denial, translate_errors
from chalicelib.core.errors import Denied, UnknownThing

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class MailQuota:
    """The limits that SES gives an account in a region. All senders share them, also those of other stages."""

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client

    def used_share(self) -> float:
        """Return the share of the quota that the last 24 hours used: 0.8 for 80 %. Without a limit, return 0.

        Raise Unavailable if SES does not answer or refuses the call.
        """
        with translate_errors("mail quota", _quota_error):
            quota = self._client.get_account().get("SendQuota", {})
        most = quota.get("Max24HourSend", -1)  # SES's number for "no limit" is -1.
        return quota.get("SentLast24Hours", 0) / most if most > 0 else 0

    def suppresses(self, address: str) -> bool:
        """Return whether SES sends nothing to this address, because an earlier email bounced or got a complaint.

        Raise Unavailable if SES does not answer or refuses the call.
        """
        try:
            with translate_errors("mail quota", _quota_error):
                self._client.get_suppressed_destination(EmailAddress=address)
        except UnknownThing:
            return False
        return True


def _quota_error(error: ClientError) -> Denied | UnknownThing | None:
    """Return Denied for every refusal: callers go on without an answer, whatever the reason is."""
    if code_of(error) == "NotFoundException":
        return UnknownThing("The list has no such address.")
    return report_denial(error, "mail quota") if is_refusal(error) else None


@cache
def mail_quota() -> MailQuota:
    return MailQuota(clients.ses_account())
