"""The stores' conditional writes: every condition, met and not met."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.mail.model import MailRequest
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.petitions import store as petitions
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import text_of
from chalicelib.projections import store
from chalicelib.signatures import mail_state
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import MailKind, SignatureState
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from chalicelib.staff.tokens import recognise
from chalicelib.tallies import snapshots, store as tallies
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.model import MAX_SOURCES, OTHER, Tally, TallyEntry, tally_of
from chalicelib.tallies.public import public_count
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    a_petition,
    a_published_petition,
    bobs_token,
    claim_mail,
    confirmed,
    item_of,
    key_of,
    request_of,
    signed,
    subject_of,
)

SLUG = "safe-children"
REQUESTED_AT = "2026-11-24T12:00:00Z"
CONFIRM = SIGNATURE_KINDS["confirm"].state
TODAY = NOW.date()


@pytest.fixture
def petition(tables: Tables) -> Petition:
    return a_published_petition(tables)


def test_a_lifecycle_from_signing_to_withdrawing(tables: Tables, petition: Petition) -> None:
    identity = signed(tables, petition, postcode="M1 1AE", updates=True)
    assert signed(tables, petition) == identity
    subject = subject_of(petition, identity)
    for _ in range(2):
        assert confirm(subject, Corrections(), petition, NOW, tables) is SignatureState.CONFIRMED
    unsubscribe(subject.key, tables)
    assert exact_count(petition, NOW, tables).confirmed == 1
    for _ in range(2):
        withdraw(subject.key, petition, NOW, tables)
    assert exact_count(petition, NOW, tables).confirmed == 0
    item = item_of(tables, petition, identity)
    assert (item["state"], "email" in item, "name" in item) == ("withdrawn", False, False)
    signed(tables, petition, now=NOW + DAY)
    assert item_of(tables, petition, identity)["state"] == "pending"
    assert public_count(petition, NOW + DAY, tables).confirmed == 0


def test_an_empty_postcode_is_removed_on_confirming(tables: Tables, petition: Petition) -> None:
    identity = signed(tables, petition, postcode="M1 1AE")
    confirm(subject_of(petition, identity), Corrections(postcode=""), petition, NOW, tables)
    assert "postcode" not in item_of(tables, petition, identity)


def test_an_expired_signature_is_renewed(tables: Tables, petition: Petition) -> None:
    identity = signed(tables, petition)
    claim_mail(tables, petition, identity, NOW)
    mail_state.mark_mailed(key_of(petition, identity), REQUESTED_AT, NOW, NOW + DAY, tables)
    signed(tables, petition, now=NOW + DAY)
    item = item_of(tables, petition, identity)
    assert (item["signed_at"], item["mail_kind"], item["mails"]) == ("2026-11-25T12:00:00Z", "confirm", 1)


def test_only_one_caller_claims_a_request_and_its_email_is_marked_once(tables: Tables, petition: Petition) -> None:
    key = key_of(petition, signed(tables, petition))

    def claim(_: int) -> bool:
        try:
            claim_mail(tables, petition, key.sk, NOW)
        except ConditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(claim, range(12))).count(True) == 1
    CONFIRM.release(request_of(tables, petition, key.sk), tables)
    assert claim(0)
    for _ in range(2):
        mail_state.mark_mailed(key, REQUESTED_AT, NOW, NOW + DAY, tables)
    item = item_of(tables, petition, key.sk)
    assert (item["mails"], item["mailed_at"], "mail_kind" in item) == (1, REQUESTED_AT, False)
    mail_state.request_mail(key, MailKind.CONFIRM, NOW + timedelta(seconds=1), tables)
    with pytest.raises(ConditionFailed):
        claim_mail(tables, petition, key.sk, NOW + MINUTE - timedelta(seconds=1))
    claim_mail(tables, petition, key.sk, NOW + MINUTE)


def test_an_email_to_a_confirmed_signer_sets_no_expiry(tables: Tables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    key = key_of(petition, identity)
    mail_state.request_mail(key, MailKind.ALREADY_SIGNED, NOW, tables)
    mail_state.mark_mailed(key, REQUESTED_AT, NOW, NOW + DAY, tables)
    assert "expires_at" not in item_of(tables, petition, identity)
    mail_state.mark_undeliverable(key, "bounced", tables)
    with pytest.raises(ConditionFailed):
        mail_state.request_mail(key, MailKind.ALREADY_SIGNED, NOW + DAY, tables)


def test_changes_never_create_a_signature(tables: Tables, petition: Petition) -> None:
    subject = subject_of(petition, "0" * 32)
    absent = MailRequest(kind="confirm", key=delivery_key(petition.slug, "0" * 32), requested_at=REQUESTED_AT)
    CONFIRM.release(absent, tables)
    mail_state.mark_mailed(subject.key, REQUESTED_AT, NOW, NOW, tables)
    CONFIRM.mark_refused(absent, NOW, tables)
    mail_state.mark_undeliverable(subject.key, "bounced", tables)
    unsubscribe(subject.key, tables)
    withdraw(subject.key, petition, NOW, tables)
    assert tables.get(subject.key, consistent=True) is None


def test_sources_over_the_limit_of_a_shard_are_counted_as_other(tables: Tables) -> None:
    for number in range(MAX_SOURCES):
        tables.update(tallies.entry_change(SLUG, 0, TallyEntry(1, NOW, "GB", f"s{number}")))
    tables.update(tallies.entry_change(SLUG, 0, TallyEntry(1, NOW, "GB", "s3")))
    with pytest.raises(ConditionFailed):
        tables.update(tallies.entry_change(SLUG, 0, TallyEntry(1, NOW, "GB", "one-too-many")))
    for amount in (1, 1, -1):
        tables.update(tallies.entry_change(SLUG, 0, TallyEntry(amount, NOW, "GB", OTHER)))
    tally = tally_of(tables.get(keys.tally_shard(SLUG, 0, TODAY), consistent=True) or {})
    assert (tally.total, tally.sources["s3"], tally.sources[OTHER]) == (MAX_SOURCES + 2, 2, 1)


def test_days_are_closed_once_and_in_order(tables: Tables) -> None:
    tallies.open_head(SLUG, TODAY, tables)
    tomorrow, after = TODAY + DAY, TODAY + 2 * DAY
    with pytest.raises(ConditionFailed):
        tallies.close_day(SLUG, after, Tally(total=5), 3, tables)
    tallies.close_day(SLUG, tomorrow, Tally(total=2), 3, tables)
    with pytest.raises(ConditionFailed):
        tallies.close_day(SLUG, tomorrow, Tally(total=2), 3, tables)
    tallies.close_day(SLUG, after, Tally(total=5), 3, tables)
    assert tallies.head(SLUG, tables) == tallies.Head(after, 7, began=TODAY + DAY)
    closed = tallies.closed_days(SLUG, date.min, date.max, tables)
    assert {day: tally.total for day, tally in closed.items()} == {tomorrow: 2, after: 5}


def test_many_callers_close_a_day_once(tables: Tables, petition: Petition) -> None:
    confirmed(tables, petition)
    later = NOW + 3 * DAY
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: exact_count(petition, later, tables).confirmed, range(12)))
    assert set(counts) == {1}
    assert tallies.head(SLUG, tables).total == 1


def test_opening_twice_keeps_the_first_head(tables: Tables) -> None:
    tallies.open_head(SLUG, TODAY, tables)
    tallies.open_head(SLUG, TODAY + DAY, tables)
    assert tallies.head(SLUG, tables) == tallies.Head(TODAY, 0, began=TODAY + DAY)


def test_only_one_caller_gets_the_lease_until_it_is_released_or_expires(tables: Tables) -> None:
    snapshots.open_snapshot(SLUG, NOW, tables)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: snapshots.lease_snapshot(SLUG, NOW, 10, tables), range(12)))
    assert taken.count(True) == 1
    assert not snapshots.lease_snapshot(SLUG, NOW + timedelta(seconds=9), 10, tables)
    assert snapshots.lease_snapshot(SLUG, NOW + timedelta(seconds=10), 10, tables)
    snapshots.save_snapshot(SLUG, 7, NOW + timedelta(seconds=11), tables)
    assert snapshots.lease_snapshot(SLUG, NOW + timedelta(seconds=11), 10, tables)


def test_an_older_snapshot_does_not_overwrite_a_newer_one(tables: Tables) -> None:
    snapshots.open_snapshot(SLUG, NOW, tables)
    snapshots.save_snapshot(SLUG, 8, NOW + MINUTE, tables)
    snapshots.save_snapshot(SLUG, 7, NOW, tables)
    assert (snapshots.snapshot(SLUG, tables) or {})["count"] == 8


def sequence(*numbers: int) -> list[str]:
    return [str(number).zfill(40) for number in numbers]


def test_pending_is_added_once_and_a_repetition_returns_the_projected_position(tables: Tables) -> None:
    first = keys.pending(SLUG, "00")
    store.add_projected(first, {"pending": 2}, sequence(8, 9), tables)
    for repeated in (sequence(8, 9), sequence(9), sequence(9, 10)):
        with pytest.raises(ConditionFailed) as caught:
            store.add_projected(first, {"pending": 2}, repeated, tables)
        assert (caught.value.item or {})["projected_to"] == sequence(9)[0]
    store.add_projected(first, {"pending": -1}, sequence(100, 10), tables)
    store.add_projected(keys.pending(SLUG, "3f"), {"pending": 5}, sequence(1), tables)
    assert store.pending(SLUG, tables) == {"00": 1, "3f": 5}
    assert store.pending("another", tables) == {}


def test_stored_petitions_are_read_back_in_order_of_slug(tables: Tables) -> None:
    second = a_petition(slug="b", closes_at=NOW, privacy_url="https://harbour.example")
    petitions.add(second, tables)
    petitions.add(a_petition(slug="a", goals=[20_000, 30_000]), tables)
    petitions.replace(a_petition(slug="a", goal=5, revision=1), tables)
    assert [petition.slug for petition in petitions.list_all(tables)] == ["a", "b"]
    assert petitions.get("b", tables, consistent=True) == second
    assert (petitions.get("a", tables, consistent=True) or second).goal == 5
    assert petitions.get("c", tables, consistent=True) is None


@pytest.mark.parametrize("revision", [0, 1, 7])
def test_a_replacement_needs_the_next_revision(tables: Tables, revision: int) -> None:
    petitions.add(a_petition(revision=revision, goals=[20_000]), tables)
    for wrong in {revision, revision + 2} - {0}:
        with pytest.raises(ConditionFailed):
            petitions.replace(a_petition(revision=wrong, goal=5), tables)
    petitions.replace(a_petition(revision=revision + 1, goals=[70_000]), tables)
    found = petitions.get(SLUG, tables, consistent=True)
    assert found == a_petition(revision=revision + 1, goals=[70_000])


def test_an_absent_petition_is_not_replaced(tables: Tables) -> None:
    with pytest.raises(ConditionFailed):
        petitions.replace(a_petition(revision=1), tables)


def test_every_version_of_a_text_is_found(tables: Tables) -> None:
    texts = [text_of(a_petition(text=text), NOW) for text in ("First", "Second", "Third")]
    for text in texts:
        petitions.keep_text(SLUG, text, tables)
    assert sorted(petitions.texts(SLUG, tables), key=str) == sorted(texts, key=str)
    assert petitions.texts("another", tables) == []


def test_a_text_keeps_its_first_recorded_time(tables: Tables) -> None:
    for moment in (NOW, NOW + DAY):
        petitions.keep_text(SLUG, text_of(a_petition(), moment), tables)
    version = text_of(a_petition(), NOW).version
    kept = tables.get(keys.petition_text(SLUG, version), consistent=True)
    assert (kept or {})["recorded_at"] == REQUESTED_AT


def test_a_staff_token_is_recognised(tables: Tables) -> None:
    assert recognise(f"Bearer {bobs_token(tables)}", NOW, tables).owner == "bob"


def test_only_confirmed_signatures_are_counted(tables: Tables, petition: Petition) -> None:
    confirmed(tables, petition, ALICE)
    signed(tables, petition, BOB)
    assert exact_count(petition, NOW, tables).confirmed == 1
