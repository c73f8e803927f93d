"""The limits table: one of several senders takes an email from an address's budget, and a retry takes no second one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from chalicelib.aws.table import Tables
from chalicelib.mail.budget import INTERVALS, read_allowance, take_email
from chalicelib.mail.model import MailRequest
from tests.actors import NOW
from tests.mail.test_budget import ALICES_MAILBOX, SLUG, a_request, take_emails


@pytest.mark.parametrize("earlier", [0, 2])
def test_one_of_several_racing_senders_takes_from_the_budget(tables: Tables, earlier: int) -> None:
    now = take_emails(tables, earlier)
    requests = [a_request(number) for number in range(9, 17)]

    def book(request: MailRequest) -> datetime:
        return take_email(ALICES_MAILBOX, SLUG, request, now, tables).next_at

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(book, requests))
    next_turn = now + INTERVALS[earlier]
    assert sorted(found) == [now, *[next_turn] * 7]


def test_a_retry_of_the_same_request_takes_nothing(tables: Tables) -> None:
    for _ in range(3):
        assert take_email(ALICES_MAILBOX, SLUG, a_request(), NOW, tables).next_at == NOW
    assert read_allowance(ALICES_MAILBOX, SLUG, NOW, tables).next_at == NOW + INTERVALS[0]
