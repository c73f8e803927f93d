"""What a restore writes, decided on items that the application itself made."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys
from chalicelib.core.address import read_address
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.retention.run import parts_of, removal
from chalicelib.signatures import mail_state
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.model import Signature, SignatureState
from chalicelib.signatures.owner import ask_to_move, correct, move
from chalicelib.signatures.remove import put_back, release, remove
from chalicelib.signatures.store import add_obtainer_and_receipts, answer_offer
from chalicelib.signatures.withdraw import erase, take_back, unsubscribe, withdraw
from commands import damage
from commands.decision import RestoreDecision, RestoreOutcome, SinceCopy
from tests.actors import ALICE, DAY, NOW, Person, change_item, confirmed, item_of, key_of, signed, subject_of
from tests.fakes import FakeTables

LATER = NOW + DAY
LETTER = {"opening": "I live near the harbour.", "version": "1"}
Act = Callable[[FakeTables, Petition, str], object]


def confirm_corrected(tables: FakeTables, petition: Petition, identity: str) -> None:
    corrections = read_corrections({"name": "Alice A.", "postcode": "BT1 1AA", "updates": "yes"}, "GB")
    confirm(subject_of(petition, identity), corrections, petition, LATER, tables)


def withdraw_signature(tables: FakeTables, petition: Petition, identity: str) -> None:
    withdraw(key_of(petition, identity), petition, LATER, tables)


def withdraw_and_sign_again(tables: FakeTables, petition: Petition, identity: str) -> None:
    withdraw_signature(tables, petition, identity)
    signed(tables, petition, now=LATER)


def erase_signature(tables: FakeTables, petition: Petition, identity: str) -> None:
    erase(key_of(petition, identity), petition, LATER, tables)


def withdraw_in_the_same_second(tables: FakeTables, petition: Petition, identity: str) -> None:
    withdraw(key_of(petition, identity), petition, NOW, tables)


def stop_updates(tables: FakeTables, petition: Petition, identity: str) -> None:
    unsubscribe(key_of(petition, identity), LATER, tables)


def bounce(tables: FakeTables, petition: Petition, identity: str) -> None:
    mail_state.mark_undeliverable(key_of(petition, identity), "bounced", tables)


def receive_email(tables: FakeTables, petition: Petition, identity: str) -> None:
    requested_at = item_of(tables, petition, identity).get("mail_requested_at", "")
    mail_state.mark_mailed(key_of(petition, identity), requested_at, LATER, LATER + 15 * DAY, tables)


def sign_again(tables: FakeTables, petition: Petition, identity: str) -> None:
    signed(tables, petition, now=LATER)


def send_a_letter_later(tables: FakeTables, petition: Petition, identity: str) -> None:
    tables.update(Change(key_of(petition, identity), assign={"letter_asked": LETTER}))
    answer_offer(key_of(petition, identity), LETTER, tables)


def come_from_a_partner_too(tables: FakeTables, petition: Petition, identity: str) -> None:
    added = {"also_obtained_by": {"oak"}, "also_came_with": {"oak-receipt"}}
    add_obtainer_and_receipts(key_of(petition, identity), added, tables)


def sign_again_with_other_data(tables: FakeTables, petition: Petition, identity: str) -> None:
    signed(tables, petition, Person("Alice A.", ALICE.email), LATER, country="NL")


def press_the_link(tables: FakeTables, petition: Petition, identity: str) -> None:
    confirm(subject_of(petition, identity), Corrections(name="A."), petition, LATER, tables, issued=LATER)


def undo_an_import(tables: FakeTables, petition: Petition, identity: str) -> None:
    take_back(key_of(petition, identity), "r", petition, LATER, tables)


def counted_by_a_partner(tables: FakeTables, petition: Petition, **changes: Any) -> str:
    identity = confirmed(tables, petition, **changes)
    change_item(tables, petition, identity, by_partner=True, also_came_with={"r"}, confirmed_with="r")
    return identity


def unsubscribed(tables: FakeTables, petition: Petition, **changes: Any) -> str:
    identity = confirmed(tables, petition, **changes)
    unsubscribe(key_of(petition, identity), NOW, tables)
    return identity


def end_the_retention(tables: FakeTables, petition: Petition, identity: str) -> None:
    part = parts_of(petition.slug, ())[keys.BUCKETS.index(keys.bucket_of(identity))]
    tables.update(removal(part, identity, LATER))


def held_signature(tables: FakeTables, petition: Petition, **changes: Any) -> str:
    identity = signed(tables, petition, **changes)
    change_item(tables, petition, identity, held="network")
    return identity


def held_and_confirmed(tables: FakeTables, petition: Petition, **changes: Any) -> str:
    identity = held_signature(tables, petition, **changes)
    change_item(tables, petition, identity, state="held", owner_confirmed_at=iso(NOW))
    return identity


def read(tables: FakeTables, petition: Petition, identity: str) -> Signature:
    return Signature.model_validate(item_of(tables, petition, identity))


def remove_by_staff(tables: FakeTables, petition: Petition, identity: str) -> None:
    found = read(tables, petition, identity)
    remove(key_of(petition, identity), found, lambda _: True, "r", petition, LATER, tables)


def put_back_by_staff(tables: FakeTables, petition: Petition, identity: str) -> None:
    put_back(key_of(petition, identity), read(tables, petition, identity), "r", petition, LATER, tables)


def release_by_staff(tables: FakeTables, petition: Petition, identity: str) -> None:
    found = read(tables, petition, identity)
    release(key_of(petition, identity), found, lambda _: True, petition, LATER, tables)


def correct_it(tables: FakeTables, petition: Petition, identity: str) -> None:
    correct(StoredSignature(petition, identity, read(tables, petition, identity)), {"name": "A."}, LATER, tables)


def ask_for_a_move(tables: FakeTables, petition: Petition, identity: str) -> None:
    found = StoredSignature(petition, identity, read(tables, petition, identity))
    ask_to_move(found, read_address("alice@new.example"), LATER, tables)


def write_the_address_otherwise(tables: FakeTables, petition: Petition, identity: str) -> None:
    found = StoredSignature(petition, identity, read(tables, petition, identity))
    move(found, read_address(ALICE.email.replace("@", "+news@")), identity, LATER, tables)


def removed_by_staff(tables: FakeTables, petition: Petition, **changes: Any) -> str:
    identity = held_and_confirmed(tables, petition, **changes)
    found = read(tables, petition, identity)
    assert remove(key_of(petition, identity), found, lambda _: True, "r", petition, NOW, tables)
    return identity


STARTS = [signed, confirmed, counted_by_a_partner, unsubscribed, held_signature, held_and_confirmed, removed_by_staff]
ACTS: list[Act] = [
    *(confirm_corrected, withdraw_signature, withdraw_and_sign_again, erase_signature, withdraw_in_the_same_second),
    *(stop_updates, bounce, receive_email, sign_again, send_a_letter_later, come_from_a_partner_too),
    *(sign_again_with_other_data, press_the_link, undo_an_import, end_the_retention),
    *(remove_by_staff, put_back_by_staff, release_by_staff, correct_it, ask_for_a_move, write_the_address_otherwise),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: str(act.__name__))
@pytest.mark.parametrize("start", STARTS, ids=lambda start: str(start.__name__))
def test_a_change_by_the_application_is_never_damage(
    act: Act, start: Callable[..., str], tables: FakeTables, petition: Petition
) -> None:
    identity = start(tables, petition, updates=True)
    kept = item_of(tables, petition, identity)
    act(tables, petition, identity)
    decision = damage.decide_signature(kept, item_of(tables, petition, identity), SinceCopy(LATER + DAY))
    assert decision.write is None
    assert decision.outcome in (RestoreOutcome.SAME, RestoreOutcome.NEWER)


def repair(kept: dict[str, Any], tables: FakeTables, petition: Petition) -> dict[str, Any]:
    decision = damage.decide_signature(kept, item_of(tables, petition, kept["sk"]), SinceCopy(LATER))
    assert decision.outcome is RestoreOutcome.REPAIRED
    assert isinstance(decision.write, Change)
    tables.update(decision.write)
    return item_of(tables, petition, kept["sk"])


@pytest.mark.parametrize("start", [signed, confirmed], ids=["pending", "confirmed"])
@pytest.mark.parametrize(
    "harm",
    [
        {"assign": {"name": "x", "email": "x@mail.example"}},
        {"assign": {"country": "NL", "source": "elsewhere"}},
        {"assign": {"state": "broken"}},
        {"remove": ["state"]},
        {"remove": ["email", "name"]},
        {"remove": ["signed_at", "text_version", "mails"]},
        {"assign": {"counted_source": "made-up"}},
    ],
    ids=str,
)
def test_damage_is_repaired_to_what_was_signed(
    harm: dict[str, Any], start: Callable[..., str], tables: FakeTables, petition: Petition
) -> None:
    identity = start(tables, petition, updates=True)
    kept = item_of(tables, petition, identity)
    tables.update(Change(key_of(petition, identity), **harm))
    assert repair(kept, tables, petition) == kept | {"restored_at": "2026-11-25T12:00:00Z"}


def sign_again_after_a_deletion(tables: FakeTables, petition: Petition) -> dict[str, Any]:
    """Delete a confirmed signature, and let somebody sign again. Return the deleted item."""
    kept = item_of(tables, petition, confirmed(tables, petition))
    del tables.items[key_of(petition, kept["sk"])]
    signed(tables, petition, now=LATER)
    return kept


def test_a_confirmed_signature_replaces_the_pending_one_made_after_its_deletion(
    tables: FakeTables, petition: Petition
) -> None:
    kept = sign_again_after_a_deletion(tables, petition)
    repaired = repair(kept, tables, petition)
    assert (repaired["state"], repaired["signed_at"]) == ("confirmed", kept["signed_at"])
    assert not {"mail_kind", "mail_requested_at", "expires_at"} & repaired.keys()


def test_a_repair_keeps_a_later_stop_of_updates_and_email(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition, updates=True)
    kept = item_of(tables, petition, identity)
    bounce(tables, petition, identity)
    tables.update(Change(key_of(petition, identity), assign={"name": "x"}))
    repaired = repair(kept, tables, petition)
    assert (repaired["name"], repaired["updates"], repaired["undeliverable"]) == (kept["name"], False, "bounced")


def test_a_repair_keeps_what_came_later_and_restores_a_lost_letter(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    send_a_letter_later(tables, petition, identity)
    kept = item_of(tables, petition, identity)
    come_from_a_partner_too(tables, petition, identity)
    tables.update(Change(key_of(petition, identity), remove=["letter", "state"]))
    repaired = repair(kept, tables, petition)
    assert (repaired["letter"], repaired["also_came_with"]) == (LETTER, {"oak-receipt"})


def test_a_letter_of_a_later_signing_is_not_restored_with_the_confirmed_signature(
    tables: FakeTables, petition: Petition
) -> None:
    """Nobody has confirmed that letter."""
    kept = sign_again_after_a_deletion(tables, petition)
    tables.update(Change(key_of(petition, kept["sk"]), assign={"letter": LETTER}))
    assert "letter" not in repair(kept, tables, petition)


def test_unsubscribed_ids_come_back_without_updates(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition, updates=True)
    kept = item_of(tables, petition, identity)
    for live in (None, kept | {"name": "x"}):
        for unsubscribed, updates in ((frozenset[str](), True), (frozenset({identity}), False)):
            write = damage.decide_signature(kept, live, SinceCopy(LATER, unsubscribed=unsubscribed)).write
            assert isinstance(write, NewItem | Change)
            assert (write.item if isinstance(write, NewItem) else write.assign)["updates"] is updates


def test_an_item_with_a_changed_time_is_left_alone(tables: FakeTables, petition: Petition) -> None:
    kept = item_of(tables, petition, confirmed(tables, petition))
    live = kept | {"name": "x", "signed_at": "1970-01-01T00:00:00Z"}
    assert damage.decide_signature(kept, live, SinceCopy(LATER)) == RestoreDecision(RestoreOutcome.NEWER)


def outcome_if_missing(kept: dict[str, Any], since_copy: SinceCopy) -> RestoreOutcome:
    return damage.decide_signature(kept, None, since_copy).outcome


def test_a_change_between_read_and_write_is_not_overwritten(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    kept = item_of(tables, petition, identity)
    tables.update(Change(key_of(petition, identity), assign={"name": "x"}))
    decision = damage.decide_signature(kept, item_of(tables, petition, identity), SinceCopy(LATER))
    withdraw_signature(tables, petition, identity)
    assert isinstance(decision.write, Change)
    with pytest.raises(ConditionFailed):
        tables.update(decision.write)
    assert item_of(tables, petition, identity)["state"] == SignatureState.WITHDRAWN
