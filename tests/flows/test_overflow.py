"""The table fails while many people sign, and recovers. No signature is lost or counted twice."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from chalicelib.aws import clients
from chalicelib.aws.table import signing_tables
from chalicelib.shedding.level import Level, forget_level, set_level
from stack.judge.caller import calling
from tests.flows.handlers import EmulatedSite
from tests.flows.test_funnel import press_button

TABLE_URL = "https://dynamodb.invalid"
Put = Callable[..., Any]


def throttled(put: Put, **request: Any) -> Any:
    raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "PutItem")


def internal_error(put: Put, **request: Any) -> Any:
    raise ClientError({"Error": {"Code": "InternalServerError"}}, "PutItem")


def unreachable(put: Put, **request: Any) -> Any:
    raise EndpointConnectionError(endpoint_url=TABLE_URL)


def timed_out(put: Put, **request: Any) -> Any:
    raise ReadTimeoutError(endpoint_url=TABLE_URL)


def response_lost(put: Put, **request: Any) -> Any:
    put(**request)
    raise ReadTimeoutError(endpoint_url=TABLE_URL)


def missing_table(put: Put, **request: Any) -> Any:
    with calling(None):  # The role allows the table's own name only, and AWS keeps this name for a restored table.
        return put(**{**request, "TableName": "restored-soon"})


@pytest.mark.parametrize("fault", [throttled, internal_error, unreachable, timed_out, response_lost, missing_table])
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


def test_at_level_accept_only_signing_makes_no_table_call_and_signatures_are_stored_later(
    site: EmulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sign(email="warm@example.org")
    set_level(Level.ACCEPT_ONLY, site.aws.tables)
    forget_level()
    assert site.sign(email="first@example.org").status_code == 202
    with monkeypatch.context() as patch:
        patch.setattr(signing_tables(), "_client", None)
        assert site.sign(email="second@example.org").status_code == 202
    assert site.store_overflow(site.receive_overflow_messages()) == []
    assert len(site.deliver()) == 3


def test_signing_is_503_while_table_and_queue_are_down(site: EmulatedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sign(email="warm@example.org")

    def time_out(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url=TABLE_URL)

    monkeypatch.setattr(clients.signing_dynamodb(), "put_item", time_out)
    monkeypatch.setattr(clients.signing_sqs(), "send_message_batch", time_out)
    answer = site.sign(email="alice@example.org")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
