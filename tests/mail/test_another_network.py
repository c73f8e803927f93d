"""A stranger typed an address from a flooded network. Its owner, who signs from another one, need not wait for it."""

import copy
from datetime import datetime, timedelta
from functools import cache

import pytest

from chalicelib.mail.first_emails import BURST, INTERVAL, book
from chalicelib.petitions.model import Petition
from chalicelib.signatures.origin import own_origin
from chalicelib.signatures.sign import sign
from tests.actors import DAY, MINUTE, NOW, a_form, a_published_petition, a_signing_context, identity_of, item_of
from tests.fakes import FakeTables
from tests.mail.posting import Post
from tests.streaming import Streaming


def signed_from(network: str, tables: Streaming, petition: Petition, now: datetime) -> None:
    origin = own_origin(petition, "form", None, network)
    sign(a_form(), petition, origin, now, a_signing_context(tables))


@cache
def flooded() -> FakeTables:
    """Two networks whose next email waits two and three days. Booking the others takes half a second, so do it once."""
    tables = FakeTables()
    for network, days in (("flooded", 2), ("worse", 3)):
        for _ in range(BURST + days * DAY // INTERVAL):
            book(network, NOW, tables)
    return tables


@pytest.fixture
def post() -> Post:
    tables = Streaming()
    tables.items |= copy.deepcopy(flooded().items)
    return Post(tables)


@pytest.mark.parametrize(("networks", "after"), [(["quiet"], 12 * MINUTE), (["worse", "quiet"], 24 * MINUTE)])
def test_the_owner_gets_the_email_at_once(post: Post, networks: list[str], after: timedelta) -> None:
    petition = a_published_petition(post.tables)
    signed_from("flooded", post.tables, petition, NOW)
    for number, network in enumerate(networks, 1):
        post.run(NOW + number * 11 * MINUTE)
        signed_from(network, post.tables, petition, post.now)
    post.run(NOW + after)
    assert item_of(post.tables, petition, identity_of(petition))["mails"] == 1


def test_signing_again_from_a_busier_network_does_not_delay_the_email(post: Post) -> None:
    petition = a_published_petition(post.tables)
    signed_from("flooded", post.tables, petition, NOW)
    post.run(NOW + 11 * MINUTE)
    due = item_of(post.tables, petition, identity_of(petition))["mail_due_at"]
    signed_from("worse", post.tables, petition, post.now)
    post.run(post.now + 2 * MINUTE)
    item = item_of(post.tables, petition, identity_of(petition))
    assert (item["mail_due_at"], item["mails"], "mail_network" in item) == (due, 0, False)
