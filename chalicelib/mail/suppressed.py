"""Refuse a test email to an address on SES's suppression list: SES would accept the email and drop it."""

from chalicelib.aws.mail_quota import MailQuota
from chalicelib.core.errors import FieldError, Invalid, Unavailable

WHY = (
    "Our email provider sends nothing to this address, because an earlier email to it bounced or was reported as spam. "
    "Enter another address, or ask your engineer to take it off the suppression list"
)


def refuse_suppressed(address: str, quota: MailQuota) -> None:
    """Raise Invalid if SES would drop the email. If SES does not say, do nothing: the test itself will show it."""
    try:
        is_suppressed = quota.suppresses(address)
    except Unavailable:
        return
    if is_suppressed:
        raise Invalid([FieldError("email", WHY)])
