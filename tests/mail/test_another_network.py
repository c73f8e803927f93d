"""A stranger typed Alice's address from a flooded network. Alice signs from another network and need not wait."""

from datetime import timedelta

import pytest

from chalicelib.core.times import iso
from chalicelib.mail.turns import BURST, INTERVAL, FirstEmailLimit, book_first_email
from tests.actors import (
    DAY,
    MINUTE,
    NOW,
    a_published_petition,
    a_signing_context,
    change_item,
    confirmed,
    identity_of,
    item_of,
    sign_by_form,
)
from tests.mail.pipeline import MailPipeline
from tests.streaming import Streaming


@pytest.fixture
def pipeline() -> MailPipeline:
    """Two networks whose next email waits two and three days."""
    tables = Streaming()
    for network, days in (("flooded", 2), ("worse", 3)):
        book_first_email(network, NOW, tables, FirstEmailLimit(interval=days * DAY + BURST * INTERVAL))
    return MailPipeline(tables)


@pytest.mark.parametrize(("networks", "after"), [(["quiet"], 12 * MINUTE), (["worse", "quiet"], 24 * MINUTE)])
def test_the_owner_of_the_address_gets_the_email_at_once(
    pipeline: MailPipeline, networks: list[str], after: timedelta
) -> None:
    petition = a_published_petition(pipeline.tables)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    for number, network in enumerate(networks, 1):
        pipeline.run(NOW + number * 11 * MINUTE)
        sign_by_form(petition, pipeline.now, a_signing_context(pipeline.tables), network=network)
    pipeline.run(NOW + after)
    assert item_of(pipeline.tables, petition, identity_of(petition))["mails"] == 1


def test_signing_again_from_a_busier_network_does_not_delay_the_email(pipeline: MailPipeline) -> None:
    petition = a_published_petition(pipeline.tables)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    pipeline.run(NOW + 11 * MINUTE)
    due = item_of(pipeline.tables, petition, identity_of(petition))["mail_due_at"]
    sign_by_form(petition, pipeline.now, a_signing_context(pipeline.tables), network="worse")
    pipeline.run(pipeline.now + 2 * MINUTE)
    item = item_of(pipeline.tables, petition, identity_of(petition))
    assert (item["mail_due_at"], item["mails"], "mail_network" in item) == (due, 0, False)


def test_signing_again_from_a_busy_network_sends_an_email_whose_turn_has_come(pipeline: MailPipeline) -> None:
    """When its turn came, the email was held, because the petition was hidden. The sweep has queued it since."""
    petition = a_published_petition(pipeline.tables)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    pipeline.run(NOW + 11 * MINUTE)
    turn, requeued = iso(pipeline.now - 2 * MINUTE), iso(pipeline.now - MINUTE)
    change_item(pipeline.tables, petition, identity_of(petition), mail_due_at=turn, mail_queued_at=requeued)
    sign_by_form(petition, pipeline.now, a_signing_context(pipeline.tables), network="worse")
    pipeline.run(pipeline.now + 2 * MINUTE)
    assert item_of(pipeline.tables, petition, identity_of(petition))["mails"] == 1


def test_the_first_email_to_somebody_whom_a_partner_sent_has_the_limit_of_the_network_too(
    pipeline: MailPipeline,
) -> None:
    """The signature counted at once, without an email. A stranger may know whom the partner sent."""
    petition = a_published_petition(pipeline.tables)
    confirmed(pipeline.tables, petition)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    pipeline.run(NOW + 11 * MINUTE)
    item = item_of(pipeline.tables, petition, identity_of(petition))
    assert (item["mails"], item["mail_due_at"] > iso(NOW + DAY)) == (0, True)
