"""The table fails while many people sign, and recovers. No signature is lost or counted twice."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.aws import clients
from stack.judge.caller import calling
from tests.flows.handlers import EmulatedSite
from tests.flows.test_funnel import press_button

TABLE_URL = "https://dynamodb.invalid"
Put = Callable[..., Any]


def throttled(put: Put, **request: Any) -> Any:
    raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "PutItem")


def response_lost(put: Put, **request: Any) -> Any:
    put(**request)
    raise ReadTimeoutError(endpoint_url=TABLE_URL)


def missing_table(put: Put, **request: Any) -> Any:
    with calling(None):  # The role allows the table's own name only, and AWS keeps this name for a restored table.
        return put(**{**request, "TableName": "restored-soon"})


@pytest.mark.parametrize("fault", [throttled, response_lost, missing_table])
def test_a_table_outage_while_a_crowd_signs_loses_no_signature(
    site: EmulatedSite, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Any]
) -> None:
    people = [f"a{number}@example.org" for number in range(6)]
    for person in people[:3]:
        assert site.sign(email=person).status_code == 202
    client = clients.signing_dynamodb()
    put = client.put_item
    with monkeypatch.context() as patch:
        patch.setattr(client, "put_item", partial(fault, put))
        answers = [site.sign(email=person) for person in people[2:] * 2]
        waiting = site.receive_overflow_messages()
        not_stored = [] if fault is response_lost else waiting
        assert site.store_overflow(waiting) == not_stored
    assert {(answer.status_code, answer.body) for answer in answers} == {(202, b'{"status":"check-your-inbox"}')}
    number_queued = 3 if fault is response_lost else len(answers)
    assert len(waiting) == number_queued, "a stored signature was queued"
    assert site.store_overflow(waiting * 2) == []
    mails = site.deliver()
    assert sorted(mail["To"][0] for mail in mails) == people
    for mail in mails:
        press_button(site, mail, "confirm")
    assert site.store_overflow(waiting) == [], "a late redelivery"
    assert site.deliver() == []
    assert site.count() == len(people)
