"""What a restore puts back, and what it leaves out: people who are gone, counts, mail requests, stopped updates."""

import re
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys, letter_keys
from chalicelib.core.times import exact
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import erase, unsubscribe, withdraw
from chalicelib.updates.kinds import EMAILS
from commands import damage, restore
from commands.decision import (
    RESTORED_COUNTS,
    RestoreDecision,
    RestoreOutcome,
    SinceCopy,
    decide_count,
    decide_delivery,
)
from tests.actors import MINUTE, NOW, change_item, confirmed, item_of, key_of, signed
from tests.commands.test_damage import LATER, outcome_if_missing
from tests.fakes import FakeTables


def test_expired_items_are_not_put_back(tables: FakeTables, petition: Petition) -> None:
    kept = item_of(tables, petition, signed(tables, petition))
    until = timedelta(seconds=kept["expires_at"] - NOW.timestamp())
    assert outcome_if_missing(kept, SinceCopy(NOW + until - MINUTE)) is RestoreOutcome.PUT_BACK
    assert outcome_if_missing(kept, SinceCopy(NOW + until)) is RestoreOutcome.EXPIRED


def since_copy_of(act: str, identity: str, at: datetime) -> SinceCopy:
    times = {identity: at}
    if act == "erased":
        return SinceCopy(LATER, erased=times)
    return SinceCopy(LATER, withdrawn=times)


@pytest.mark.parametrize("act", ["erased", "withdrawn"])
def test_erased_and_withdrawn_people_are_not_put_back_unless_they_signed_later(
    act: str, tables: FakeTables, petition: Petition
) -> None:
    identity = confirmed(tables, petition)
    kept = item_of(tables, petition, identity)
    for at, outcome in (
        (NOW, RestoreOutcome.GONE),
        (NOW + MINUTE, RestoreOutcome.GONE),
        (NOW - MINUTE, RestoreOutcome.PUT_BACK),
    ):
        assert outcome_if_missing(kept, since_copy_of(act, identity, at)) is outcome
    leave_out = SinceCopy(LATER, withdrawn_by_link=frozenset({identity}))
    assert outcome_if_missing(kept, leave_out) is RestoreOutcome.LEFT_OUT
    decision = damage.decide_signature(kept, kept, leave_out)
    assert decision.outcome is RestoreOutcome.SAME, "only what a restore put back is withdrawn"
    live = kept | {"name": "x"}
    assert damage.decide_signature(kept, live, since_copy_of(act, identity, NOW)).outcome is RestoreOutcome.GONE


def test_withdrawn_and_erased_items_are_put_back_empty(tables: FakeTables, petition: Petition) -> None:
    """Queued messages do not overwrite an empty item. After an erasing, a withdrawn item is not put back."""
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    withdrawn = item_of(tables, petition, identity)
    erase(key_of(petition, identity), petition, NOW, tables)
    erased = item_of(tables, petition, identity)
    since = {identity: NOW}
    assert outcome_if_missing(withdrawn, SinceCopy(LATER, withdrawn=since)) is RestoreOutcome.PUT_BACK
    assert outcome_if_missing(withdrawn, SinceCopy(LATER, erased=since)) is RestoreOutcome.GONE
    assert outcome_if_missing(erased, SinceCopy(LATER, erased=since, withdrawn=since)) is RestoreOutcome.PUT_BACK


@pytest.mark.parametrize("lost", ["email", "state", "signed_at"])
def test_an_item_damaged_in_the_copy_is_not_put_back(lost: str, tables: FakeTables, petition: Petition) -> None:
    kept = item_of(tables, petition, confirmed(tables, petition))
    del kept[lost]
    assert outcome_if_missing(kept, SinceCopy(LATER)) is RestoreOutcome.UNUSABLE


@pytest.mark.parametrize(
    ("pk", "outcome"),
    [
        ("PETITIONS", RestoreOutcome.PUT_BACK),
        ("SLUGS", RestoreOutcome.PUT_BACK),
        ("TALLY#safe-children#000", RestoreOutcome.PUT_BACK),
        ("FUNNEL-DAYS#safe-children", RestoreOutcome.PUT_BACK),
        ("RECEIPT#safe-children#oak#00", RestoreOutcome.PUT_BACK),
        ("HASHKEYS#safe-children", RestoreOutcome.TEMPORARY),
        ("TOKENS", RestoreOutcome.TEMPORARY),
        ("MAIL", RestoreOutcome.TEMPORARY),
        ("SHEDDING", RestoreOutcome.TEMPORARY),
        ("SNAPSHOT#safe-children", RestoreOutcome.TEMPORARY),
        ("JOB#export#safe-children", RestoreOutcome.TEMPORARY),
    ],
)
def test_only_missing_permanent_counts_are_put_back(pk: str, outcome: RestoreOutcome) -> None:
    kept = {"pk": pk, "sk": "x", "total": 1}
    assert decide_count(kept, None, SinceCopy(LATER)).outcome is outcome
    if outcome is RestoreOutcome.TEMPORARY:
        return
    newer = decide_count(kept, kept | {"total": 2}, SinceCopy(LATER))
    assert newer == RestoreDecision(RestoreOutcome.NEWER)
    same = decide_count(kept, kept, SinceCopy(LATER))
    assert same == RestoreDecision(RestoreOutcome.SAME)


def test_every_partition_of_counts_is_restored_or_named_temporary() -> None:
    """A new partition must be restored, or named here as temporary."""
    partitions: set[str] = set()
    for module in (keys, letter_keys):
        partitions |= counts_partitions(module)
    assert len(partitions) > 20
    temporary = {"SNAPSHOT#<slug>", "MAIL", "MAIL-OUTSTANDING", "SHEDDING", "JOB#<kind>#<key>", "READINESS"}
    secret = {"TOKENS"}
    not_restored = {each for each in partitions if not each.startswith(RESTORED_COUNTS)}
    assert not_restored == temporary | secret


def counts_partitions(module: ModuleType) -> set[str]:
    """Return the partitions of COUNTS that the scheme in the module's docstring lists."""
    # The text before the scheme, and then the name and the scheme of each table in turn.
    _, *parts = re.split(r"^ *(SIGNATURES|COUNTS|AUDIT|DELIVERIES|LIMITS) {2,}", str(module.__doc__), flags=re.M)
    schemes = dict(zip(parts[::2], parts[1::2], strict=True))
    partitions: set[str] = set()
    for line in schemes["COUNTS"].splitlines():
        first_word = line.strip().partition(" ")[0]
        has_variable = "#<" in first_word and not first_word.startswith("<")
        if first_word.isupper() or has_variable:
            partitions.add(first_word)
    return partitions


def test_an_email_that_waited_is_put_back_as_unknown_and_is_not_sent_again(tables: FakeTables) -> None:
    request = EMAILS.request("safe-children_a1_00", NOW, tables)
    key = EMAILS.item_key(request.key)
    kept = {**tables.items[key], "pk": key.pk, "sk": request.key}
    decision = decide_delivery(kept, None, SinceCopy(LATER))
    assert isinstance(decision.write, NewItem)
    tables.items.clear()
    tables.put_new(decision.write)
    assert EMAILS.outcomes("", tables) == {DeliveryOutcome.UNKNOWN: 1}


@pytest.mark.parametrize(
    ("table", "partition", "slugs"),
    [
        (keys.SIGNATURES, "safe-children#0a", {"safe-children"}),
        (keys.COUNTS, "TALLY#safe-children#3", {"safe-children"}),
        (keys.COUNTS, "PENDING#safe-children#0a", {"safe-children"}),
        (keys.COUNTS, "TEXT#plan-2030", set()),
        (keys.DELIVERIES, "update#0a", set()),
    ],
)
def test_only_petitions_whose_numbers_may_have_changed_are_recounted(
    table: str, partition: str, slugs: set[str]
) -> None:
    assert restore._slugs_to_recount(table, partition) == slugs


def put_back(kept: dict[str, Any], tables: FakeTables, petition: Petition, *unsubscribed: str) -> RestoreOutcome:
    key = key_of(petition, kept["sk"])
    since_copy = SinceCopy(LATER, unsubscribed=frozenset(unsubscribed))
    decision = damage.decide_signature(kept, tables.items.get(key), since_copy)
    if isinstance(decision.write, NewItem):
        tables.put_new(decision.write)
    elif decision.write:
        tables.update(decision.write)
    return decision.outcome


@pytest.mark.parametrize("updates", [True, False])
@pytest.mark.parametrize("is_restored_first", [True, False])
@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_stop_that_only_the_file_has_is_recorded_once(
    tables: FakeTables, petition: Petition, *, is_deleted: bool, is_restored_first: bool, updates: bool
) -> None:
    kept = item_of(tables, petition, confirmed(tables, petition, updates=updates))
    if is_deleted:
        del tables.items[key_of(petition, kept["sk"])]
    else:
        change_item(tables, petition, kept["sk"], name="x")
    if is_restored_first:
        put_back(kept, tables, petition)
    outcomes = [put_back(kept, tables, petition, kept["sk"]) for _ in range(2)]
    assert outcomes[1] is RestoreOutcome.SAME
    assert (outcomes[0] is RestoreOutcome.UNSUBSCRIBED) is is_restored_first
    item = item_of(tables, petition, kept["sk"])
    assert (item["updates"], item["unsubscribed_at"]) == (False, exact(LATER))


def test_a_consent_after_the_restore_is_kept(tables: FakeTables, petition: Petition) -> None:
    """The person was restored, stopped updates, and agreed again to a partner."""
    kept = item_of(tables, petition, confirmed(tables, petition, updates=True))
    del tables.items[key_of(petition, kept["sk"])]
    put_back(kept, tables, petition)
    change_item(tables, petition, kept["sk"], unsubscribed_at=exact(LATER), updates=True)
    assert put_back(kept, tables, petition, kept["sk"]) is RestoreOutcome.SAME


@pytest.mark.parametrize("harm", [{}, {"assign": {"name": "x"}}, {"assign": {"updates": True}}], ids=str)
def test_a_stop_that_was_lost_is_restored(tables: FakeTables, petition: Petition, harm: dict[str, Any]) -> None:
    identity = confirmed(tables, petition, updates=True)
    unsubscribe(key_of(petition, identity), NOW, tables)
    kept = item_of(tables, petition, identity)
    tables.update(Change(key_of(petition, identity), **{"remove": ["unsubscribed_at"], **harm}))
    assert put_back(kept, tables, petition) is RestoreOutcome.REPAIRED
    item = item_of(tables, petition, identity)
    assert (item["updates"], item["unsubscribed_at"]) == (False, exact(NOW))


@pytest.mark.parametrize("stopped_before", [True, False])
@pytest.mark.parametrize("stopped_after", [True, False])
def test_a_stop_before_or_after_signing_again_stays_with_the_confirmed_signature(
    tables: FakeTables, petition: Petition, *, stopped_before: bool, stopped_after: bool
) -> None:
    identity = confirmed(tables, petition, updates=True)
    key = key_of(petition, identity)
    if stopped_before:
        unsubscribe(key, NOW, tables)
    kept = item_of(tables, petition, identity)
    del tables.items[key]
    signed(tables, petition, now=LATER, updates=True)
    if stopped_after:
        unsubscribe(key, LATER, tables)
    assert put_back(kept, tables, petition) is RestoreOutcome.REPAIRED
    item = item_of(tables, petition, identity)
    latest_stop = exact(LATER) if stopped_after else exact(NOW) if stopped_before else None
    assert (item["state"], item.get("unsubscribed_at")) == ("confirmed", latest_stop)
    assert item["updates"] is (latest_stop is None)


def test_a_withdrawn_signature_keeps_no_time_of_a_stop(tables: FakeTables, petition: Petition) -> None:
    """The undo of an import withdrew the signature, and then its owner withdrew too."""
    identity = confirmed(tables, petition)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    change_item(tables, petition, identity, taken_back_at="2026-11-24T12:00:00Z")
    unsubscribe(key_of(petition, identity), NOW, tables)
    kept = item_of(tables, petition, identity)
    assert "unsubscribed_at" in kept
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert put_back(kept, tables, petition) is RestoreOutcome.SAME
    withdrawn = item_of(tables, petition, identity)
    del tables.items[key_of(petition, identity)]
    put_back(withdrawn, tables, petition, identity)
    assert "unsubscribed_at" not in item_of(tables, petition, identity)


@pytest.mark.parametrize("by_partner", [True, False])
@pytest.mark.parametrize("stop_is_in", ["copy", "file", "copy, then agreed again", None])
def test_a_partners_consent_does_not_replace_a_stop_but_signing_again_here_does(
    tables: FakeTables, petition: Petition, stop_is_in: str | None, *, by_partner: bool
) -> None:
    """The signature was deleted. Before the restore, a partner sent it again, or the person signed and confirmed."""
    identity = confirmed(tables, petition, updates=True)
    key = key_of(petition, identity)
    if stop_is_in and stop_is_in.startswith("copy"):
        unsubscribe(key, NOW, tables)
    if stop_is_in == "copy, then agreed again":
        change_item(tables, petition, identity, updates=True)
    kept = item_of(tables, petition, identity)
    del tables.items[key]
    confirmed(tables, petition, now=LATER, updates=True)
    if by_partner:
        change_item(tables, petition, identity, by_partner=True)
    in_file = [identity] if stop_is_in == "file" else []
    outcomes = [put_back(kept, tables, petition, *in_file) for _ in range(2)]
    is_stopped = by_partner and stop_is_in in ("copy", "file")
    first = RestoreOutcome.NEWER_WITHOUT_UPDATES if is_stopped else RestoreOutcome.NEWER
    assert outcomes == [first, RestoreOutcome.NEWER]
    assert item_of(tables, petition, identity)["updates"] is not is_stopped
