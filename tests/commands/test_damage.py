"""What a restore writes, decided on items that the application itself made."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys
from chalicelib.core.address import read_address
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
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


class Stored(NamedTuple):
    """Alice's signature in the table."""

    tables: FakeTables
    petition: Petition
    identity: str

    @property
    def key(self) -> Key:
        return key_of(self.petition, self.identity)

    @property
    def item(self) -> dict[str, Any]:
        return item_of(self.tables, self.petition, self.identity)

    @property
    def signature(self) -> Signature:
        return Signature.model_validate(self.item)

    @property
    def found(self) -> StoredSignature:
        return StoredSignature(self.petition, self.identity, self.signature)

    def sign_again(self, person: Person = ALICE, **changes: Any) -> None:
        signed(self.tables, self.petition, person, LATER, **changes)

    def confirm(self, corrections: Corrections, **changes: Any) -> None:
        confirm(subject_of(self.petition, self.identity), corrections, self.petition, LATER, self.tables, **changes)

    def withdraw(self, now: datetime = LATER) -> None:
        withdraw(self.key, self.petition, now, self.tables)

    def bounce(self) -> None:
        mail_state.mark_undeliverable(self.key, "bounced", self.tables)

    def receive_email(self) -> None:
        requested_at = self.item.get("mail_requested_at", "")
        mail_state.mark_mailed(self.key, requested_at, LATER, LATER + 15 * DAY, self.tables)

    def send_a_letter_later(self) -> None:
        self.tables.update(Change(self.key, assign={"letter_asked": LETTER}))
        answer_offer(self.key, LETTER, self.tables)

    def come_from_a_partner_too(self) -> None:
        added = {"also_obtained_by": {"oak"}, "also_came_with": {"oak-receipt"}}
        add_obtainer_and_receipts(self.key, added, self.tables)

    def end_the_retention(self) -> None:
        part = parts_of(self.petition.slug, ())[keys.BUCKETS.index(keys.bucket_of(self.identity))]
        self.tables.update(removal(part, self.identity, LATER))

    def remove(self, now: datetime = LATER) -> bool:
        return remove(self.key, self.signature, lambda _: True, "r", self.petition, now, self.tables)


def withdraw_and_sign_again(it: Stored) -> None:
    it.withdraw()
    it.sign_again()


CORRECTED = read_corrections({"name": "Alice A.", "postcode": "BT1 1AA", "updates": "yes"}, "GB")
OTHERWISE = read_address(ALICE.email.replace("@", "+news@"))
ACTS: dict[str, Callable[[Stored], object]] = {
    "confirm corrected": lambda it: it.confirm(CORRECTED),
    "press the link": lambda it: it.confirm(Corrections(name="A."), issued=LATER),
    "withdraw": Stored.withdraw,
    "withdraw in the same second": lambda it: it.withdraw(NOW),
    "withdraw and sign again": withdraw_and_sign_again,
    "sign again": Stored.sign_again,
    "sign again with other data": lambda it: it.sign_again(Person("Alice A.", ALICE.email), country="NL"),
    "erase": lambda it: erase(it.key, it.petition, LATER, it.tables),
    "stop updates": lambda it: unsubscribe(it.key, LATER, it.tables),
    "bounce": Stored.bounce,
    "receive email": Stored.receive_email,
    "send a letter later": Stored.send_a_letter_later,
    "come from a partner too": Stored.come_from_a_partner_too,
    "undo an import": lambda it: take_back(it.key, "r", it.petition, LATER, it.tables),
    "end the retention": Stored.end_the_retention,
    "remove": Stored.remove,
    "put back": lambda it: put_back(it.key, it.signature, "r", it.petition, LATER, it.tables),
    "release": lambda it: release(it.key, it.signature, lambda _: True, it.petition, LATER, it.tables),
    "correct": lambda it: correct(it.found, {"name": "A."}, LATER, it.tables),
    "ask for a move": lambda it: ask_to_move(it.found, read_address("alice@new.example"), LATER, it.tables),
    "write the address otherwise": lambda it: move(it.found, OTHERWISE, it.identity, LATER, it.tables),
}

HELD = {"held": "network"}
HELD_AND_CONFIRMED = HELD | {"state": "held", "owner_confirmed_at": iso(NOW)}
BY_PARTNER = {"by_partner": True, "also_came_with": {"r"}, "confirmed_with": "r"}
# How Alice's signature came to be: whether she confirmed, what changed in its item, and what the application did then.
STARTS: dict[str, tuple[Callable[..., str], dict[str, Any], Callable[[Stored], object]]] = {
    "pending": (signed, {}, lambda _: None),
    "confirmed": (confirmed, {}, lambda _: None),
    "counted by a partner": (confirmed, BY_PARTNER, lambda _: None),
    "unsubscribed": (confirmed, {}, lambda it: unsubscribe(it.key, NOW, it.tables)),
    "held": (signed, HELD, lambda _: None),
    "held and confirmed": (signed, HELD_AND_CONFIRMED, lambda _: None),
    "removed": (signed, HELD_AND_CONFIRMED, lambda it: it.remove(NOW)),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("start", STARTS)
def test_a_change_by_the_application_is_never_damage(
    act: Callable[[Stored], object], start: str, tables: FakeTables, petition: Petition
) -> None:
    sign, changes, then = STARTS[start]
    it = Stored(tables, petition, sign(tables, petition, updates=True))
    change_item(tables, petition, it.identity, **changes)
    assert then(it) is not False
    kept = it.item
    act(it)
    decision = damage.decide_signature(kept, it.item, SinceCopy(LATER + DAY))
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
    Stored(tables, petition, identity).bounce()
    tables.update(Change(key_of(petition, identity), assign={"name": "x"}))
    repaired = repair(kept, tables, petition)
    assert (repaired["name"], repaired["updates"], repaired["undeliverable"]) == (kept["name"], False, "bounced")


def test_a_repair_keeps_what_came_later_and_restores_a_lost_letter(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    Stored(tables, petition, identity).send_a_letter_later()
    kept = item_of(tables, petition, identity)
    Stored(tables, petition, identity).come_from_a_partner_too()
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
    withdraw(key_of(petition, identity), petition, LATER, tables)
    assert isinstance(decision.write, Change)
    with pytest.raises(ConditionFailed):
        tables.update(decision.write)
    assert item_of(tables, petition, identity)["state"] == SignatureState.WITHDRAWN
