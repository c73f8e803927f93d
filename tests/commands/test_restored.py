"""What a restore puts back, and what it leaves out: expired, erased and withdrawn people, counts, mail requests."""

import re
from datetime import datetime, timedelta
from types import ModuleType

import pytest

from chalicelib.aws.table import NewItem
from chalicelib.core import keys, letter_keys
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MailKind
from chalicelib.signatures.withdraw import erase, withdraw
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
from tests.actors import MINUTE, NOW, confirmed, item_of, key_of, signed
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
    for module in (keys, letter_keys, keys, keys, letter_keys):
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


def test_an_open_mail_request_is_put_back(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    kept = item_of(tables, petition, identity)
    decision = damage.decide_signature(kept, None, SinceCopy(LATER))
    assert isinstance(decision.write, NewItem)
    del tables.items[key_of(petition, identity)]
    tables.put_new(decision.write)
    assert item_of(tables, petition, identity)["mail_kind"] == MailKind.CONFIRM


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
