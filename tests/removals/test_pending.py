"""Staff removed what nobody had confirmed yet. Perhaps a stranger typed Alice's address, in an attack."""

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import tokens
from chalicelib.core.address import read_address
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose
from chalicelib.jobs.model import new_job
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.removals.model import Condition, Removal, RemovalAction
from chalicelib.removals.run import RemovalWork
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import HeldReason
from chalicelib.signatures.owner import move
from chalicelib.signatures.sign import own_origin, sign
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    TOKEN_KEYS,
    a_form,
    a_signing_context,
    change_item,
    confirmed,
    identity_of,
    item_of,
    signed,
    subject_of,
)
from tests.fake_site import FakeSite
from tests.fakes import FakeTables


def run(tables: FakeTables, petition: Petition, action: RemovalAction, undoes: str = "") -> Removal:
    condition = Condition(domain="mail.example") if action is RemovalAction.REMOVE else Condition()
    job = new_job(
        Removal, petition.slug, "bob", NOW, action=action, condition=condition, reason="One network", undoes=undoes
    )
    work = RemovalWork(lambda: NOW, tables)
    while job.is_open:
        job = work.next_step(job).act()
    return job


@pytest.fixture
def removed(fake_site: FakeSite, petition: Petition) -> Removal:
    """Our email has been sent, and the signature is removed."""
    change_item(fake_site.tables, petition, signed(fake_site.tables, petition), mails=1)
    return run(fake_site.tables, petition, RemovalAction.REMOVE)


def link(petition: Petition) -> str:
    subject = subject_of(petition, identity_of(petition))
    return tokens.issue(Purpose.CONFIRM, subject, NOW + CONFIRM_LIFETIME, TOKEN_KEYS)


def press(fake_site: FakeSite, petition: Petition) -> HTTPResponse:
    return fake_site.post_form("/confirm", {"token": link(petition), "name": "Alice B."})


def alice(fake_site: FakeSite, petition: Petition) -> dict[str, object]:
    return item_of(fake_site.tables, petition, identity_of(petition))


def test_the_link_shows_the_same_pages_whether_she_is_removed_or_not(fake_site: FakeSite, petition: Petition) -> None:
    def pages() -> list[bytes]:
        return [fake_site.get(f"/confirm?token={link(petition)}").body, press(fake_site, petition).body]

    signed(fake_site.tables, petition)
    usual = pages()
    fake_site.tables.items.pop(next(key for key in fake_site.tables.items if key.sk == identity_of(petition)))
    signed(fake_site.tables, petition)
    run(fake_site.tables, petition, RemovalAction.REMOVE)
    assert pages() == usual
    assert alice(fake_site, petition)["state"] == "removed"


@pytest.mark.parametrize(("held", "state", "count"), [(None, "confirmed", 1), ("network", "held", 0)])
def test_who_confirms_while_removed_counts_after_the_undo_unless_held(
    fake_site: FakeSite, petition: Petition, removed: Removal, held: str | None, state: str, count: int
) -> None:
    if held:
        change_item(fake_site.tables, petition, identity_of(petition), held=held)
    press(fake_site, petition)
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 0
    run(fake_site.tables, petition, RemovalAction.UNDO, undoes=removed.job_id)
    item = alice(fake_site, petition)
    assert (item["state"], item["name"]) == (state, "Alice B.")
    assert exact_count(petition, NOW, fake_site.tables).confirmed == count
    assert not recount(petition, lambda: NOW + DAY, fake_site.tables).drift


@pytest.mark.parametrize(("item", "kind"), [({}, "confirm-imported"), ({"undeliverable": "bounced"}, None)])
def test_who_was_removed_before_our_email_was_sent_gets_it_after_the_undo(
    fake_site: FakeSite, petition: Petition, item: dict[str, str], kind: str | None
) -> None:
    change_item(fake_site.tables, petition, signed(fake_site.tables, petition), **item)
    job = run(fake_site.tables, petition, RemovalAction.REMOVE)
    run(fake_site.tables, petition, RemovalAction.UNDO, undoes=job.job_id)
    assert alice(fake_site, petition).get("mail_kind") == kind


def sign_again(fake_site: FakeSite, petition: Petition, held: HeldReason | None = None) -> str:
    origin = own_origin(petition, "form", None, held=held)
    sign(a_form(updates=True), petition, origin, NOW + MINUTE, a_signing_context(fake_site.tables))
    return str(alice(fake_site, petition)["state"])


def test_she_can_sign_after_the_removal_and_its_undo_changes_nothing(
    fake_site: FakeSite, petition: Petition, removed: Removal
) -> None:
    assert sign_again(fake_site, petition) == "pending"
    item = alice(fake_site, petition)
    assert (item["mail_kind"], item["updates"]) == ("confirm", True)
    assert not {"removal", "removed_from"} & item.keys()
    run(fake_site.tables, petition, RemovalAction.UNDO, undoes=removed.job_id)
    assert alice(fake_site, petition) == item


def test_a_signature_that_looks_wrong_too_stays_removed(
    fake_site: FakeSite, petition: Petition, removed: Removal
) -> None:
    assert sign_again(fake_site, petition, HeldReason.NETWORK) == "removed"


def test_what_was_confirmed_stays_removed_when_somebody_signs_again(
    fake_site: FakeSite, petition: Petition, removed: Removal
) -> None:
    press(fake_site, petition)
    assert sign_again(fake_site, petition) == "removed"


def test_who_moves_to_an_address_that_was_removed_still_counts(
    fake_site: FakeSite, petition: Petition, removed: Removal
) -> None:
    """A stranger typed it before. Otherwise the move would end at a signature that does not count."""
    identity = confirmed(fake_site.tables, petition, BOB)
    found = find_by_id(petition, identity, NOW, fake_site.tables)
    assert found
    move(found, read_address(ALICE.email), identity_of(petition), NOW, fake_site.tables)
    assert alice(fake_site, petition)["state"] == "confirmed"
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 1
