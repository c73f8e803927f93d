"""All limits of the model, with their sources. AWS's limits are typed in by hand: check them before use.

Their sources are titles of pages of AWS's public documentation. Our own limits, if not raised, come from the template.
"""

from typing import NamedTuple

from benchmarks import declared
from chalicelib.mail.rate_limit import senders_for

EMAIL_RATE = declared.parameter_default("MailPerSecond")
SENDERS, STORERS = declared.maximum_concurrency("SendMail"), declared.maximum_concurrency("StoreOverflow")


class Quota(NamedTuple):
    """The values of a new account, of one with default quotas, and of one whose quotas were raised for a campaign."""

    new: float
    default: float
    raised: float
    source: str


LIMITS = {
    "gateway_rate": Quota(10_000, 10_000, 20_000, "API Gateway quotas: throttle quota per account, per Region (rps)"),
    "gateway_burst": Quota(5_000, 5_000, 10_000, "API Gateway quotas: burst 5,000; set by AWS, cannot be raised"),
    "concurrency": Quota(10, 1_000, 5_000, "Lambda quotas: 1,000, reduced for new accounts (10 seen: FIELD-NOTES)"),
    "requests_each": Quota(10, 10, 10, "Lambda concurrency: requests a second ≤ 10 × concurrency"),
    "ramp": Quota(1_000, 1_000, 1_000, "Lambda scaling behavior: 1,000 environments every 10 s per function"),
    "table_warm": Quota(4_000, 4_000, 20_000, "DynamoDB on-demand capacity: a new table takes 4,000; warm throughput"),
    "partition": Quota(1_000, 1_000, 1_000, "DynamoDB warm throughput scenarios: 1,000 write units a partition"),
    "mail_rate": Quota(1, 14, 300, "SES: sandbox 1/s; production is given per account, often 14/s (FIELD-NOTES)"),
    "mail_daily": Quota(200, 50_000, 2_000_000, "SES: sandbox 200 in 24 h; production often 50,000 (FIELD-NOTES)"),
    "mail_per_second": Quota(EMAIL_RATE, EMAIL_RATE, 300, "ours: MailPerSecond; with a raised rate, as SES's"),
    "senders": Quota(SENDERS, SENDERS, senders_for(300), "ours: MailSenders, from mail_rate (mail/rate_limit.py)"),
    "storers": Quota(STORERS, STORERS, 20, "ours: MaximumConcurrency of store_overflow in stack/template/queues.py"),
}


class Account:
    """One account: its limits are its attributes. Rates are for a second, `ramp` is for ten."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, limit: str) -> float:
        return float(getattr(LIMITS[limit], self.name))


ACCOUNTS = ("new", "default", "raised")
