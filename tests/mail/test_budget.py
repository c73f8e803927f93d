"""The interval between two emails to one address grows."""

from datetime import datetime, timedelta
from itertools import pairwise

from chalicelib.aws.table import Tables
from chalicelib.core.times import iso
from chalicelib.mail.budget import FORGET_AFTER, INTERVALS, read_allowance, take_email
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.model import MailRequest
from tests.actors import ALICE, LIMIT_KEYS, MINUTE, NOW
from tests.fakes import FakeTables

HOUR = timedelta(hours=1)
ALICES_MAILBOX = mailbox_of(ALICE.email, LIMIT_KEYS)
SLUG = "safe-children"


def a_request(number: int = 0) -> MailRequest:
    return MailRequest(kind="confirm", key=f"{SLUG}_{number:032x}", requested_at=iso(NOW))


def take_emails(tables: Tables, count: int, now: datetime = NOW) -> datetime:
    """Take emails from the budget as soon as it allows them, and return when the next one is allowed."""
    for number in range(count):
        now = read_allowance(ALICES_MAILBOX, SLUG, now, tables).next_at
        assert take_email(ALICES_MAILBOX, SLUG, a_request(number), now, tables).next_at == now
    return read_allowance(ALICES_MAILBOX, SLUG, now, tables).next_at


def test_the_interval_between_two_emails_grows(tables: FakeTables) -> None:
    times = [take_emails(FakeTables(), count) for count in range(8)]
    intervals = [later - earlier for earlier, later in pairwise(times)]
    assert intervals == [*INTERVALS, INTERVALS[-1], INTERVALS[-1]]
    in_the_first_hour = [at for at in times if at < NOW + HOUR]
    assert len(in_the_first_hour) == 3


def test_after_a_quiet_day_the_first_interval_applies_again(tables: FakeTables) -> None:
    quiet = take_emails(tables, 5) + FORGET_AFTER
    assert take_emails(tables, 1, quiet) == quiet + INTERVALS[0]


def test_a_new_address_costs_one_write(tables: FakeTables) -> None:
    take_email(ALICES_MAILBOX, SLUG, a_request(), NOW, tables)
    assert tables.calls == ["update"]
    assert tables.items[ALICES_MAILBOX.key]["expires_at"] == int((NOW + MINUTE + FORGET_AFTER).timestamp())
