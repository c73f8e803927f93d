"""Concurrent requests on the emulator's conditions and transactions leave exact counts, also while a recount runs."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.aws.table import Tables
from chalicelib.core import keys, times
from chalicelib.core.address import read_address, signature_id
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Conflicted, LinkExpired
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Subject
from chalicelib.petitions.edit import raise_shards
from chalicelib.petitions.find import find_petition, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.owner import move
from chalicelib.signatures.sign import Outcome
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import Person, a_signing_context, sign_by_form, signed, subject_of
from tests.flows.handlers import EmulatedSite

Result = TypeVar("Result")
Argument = TypeVar("Argument")
NOW = times.now()
SOURCES = ("bbc-news", "friends", None)


def run_at_once(act: Callable[[Argument], Result], arguments: Sequence[Argument], threads: int = 32) -> list[Result]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, arguments))


def sign_as(local_part: str, petition: Petition, tables: Tables, source: str | None = None) -> Subject:
    """Sign, and return the subject of the links in the signature's emails."""
    identity = signed(tables, petition, Person("Alice", f"{local_part}@example.org"), NOW, source=source)
    return subject_of(petition, identity, source=source or DIRECT)


def two_minutes_later() -> datetime:
    return times.now() + timedelta(minutes=2)


def confirm_crowd(petition: Petition, tables: Tables, size: int) -> None:
    subjects = [sign_as(f"a{number}", petition, tables, SOURCES[number % 3]) for number in range(size)]

    def confirm_one(subject: Subject) -> None:
        confirm(subject, Corrections(), petition, times.now(), tables)

    run_at_once(confirm_one, subjects, 8)


def test_32_concurrent_signings_of_one_address_are_one_signature_and_one_mail_request(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    context = a_signing_context(emulator_tables)
    outcomes = run_at_once(lambda _: sign_by_form(petition, NOW, context).outcome, range(32))
    assert outcomes.count(Outcome.ACCEPTED) == 1
    assert [record["eventName"] for record in site.relay()] == ["INSERT"]
    assert len(site.waiting_mail()) == 1


def test_200_people_who_confirm_three_times_at_once_are_counted_as_200(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    def sign_one(number: int) -> Subject:
        return sign_as(f"a{number}", petition, emulator_tables, SOURCES[number % 3])

    def confirm_one(subject: Subject) -> SignatureState:
        return confirm(subject, Corrections(), petition, NOW, emulator_tables).state

    subjects = run_at_once(sign_one, range(200))
    states = run_at_once(confirm_one, subjects * 3)
    assert set(states) == {SignatureState.CONFIRMED}
    assert exact_count(petition, NOW, emulator_tables).confirmed == 200
    for by in TallyDimension:
        counts = breakdown(petition, by, Days(), NOW, emulator_tables)
        assert counts.confirmed == 200 == sum(counts.values.values())
    by_source = breakdown(petition, TallyDimension.SOURCE, Days(), NOW, emulator_tables).values
    assert by_source == {"bbc-news": 67, "friends": 67, "direct": 66}


def test_40_people_who_move_confirm_there_and_withdraw_at_once_count_once_each(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    """Each confirms at an old and a new address, and moves both ways three times; every fifth withdraws at both."""
    secrets = a_signing_context(emulator_tables).secrets

    def begin(number: int) -> None:
        old = sign_as(f"old{number}", petition, emulator_tables)
        confirm(old, Corrections(), petition, NOW, emulator_tables)
        sign_as(f"new{number}", petition, emulator_tables)

    def act(action: tuple[int, str, str]) -> None:
        number, verb, to = action
        address = read_address(f"{to}{number}@example.org")
        here = read_address(f"{'old' if to == 'new' else 'new'}{number}@example.org")
        identity, other = (signature_id(petition.slug, each.canonical, secrets["v1"]) for each in (address, here))
        found = find_by_id(petition, other, NOW, emulator_tables)
        with suppress(LinkExpired, Conflicted):  # Conflicted: each attempt met another change, so this did nothing.
            if verb == "move" and found:
                move(found, address, identity, NOW, emulator_tables)
            elif verb == "confirm":
                subject = Subject(petition.slug, identity, "GB", DIRECT)
                confirm(subject, Corrections(), petition, NOW, emulator_tables)
            elif verb == "withdraw":
                withdraw(keys.signature(petition.slug, identity), petition, NOW, emulator_tables)

    run_at_once(begin, range(40))
    moves = [(number, "move", to) for number in range(40) for to in ("new", "old", "new")]
    confirmations = [(number, "confirm", "new") for number in range(40)]
    withdrawals = [(number, "withdraw", to) for number in range(0, 40, 5) for to in ("old", "new")]
    run_at_once(act, sorted([*moves, *confirmations, *withdrawals]))
    confirmed = [item for item in all_signatures(petition, emulator_tables) if item["state"] == "confirmed"]
    assert exact_count(petition, NOW, emulator_tables).confirmed == len(confirmed)
    assert recount(petition, times.now, emulator_tables).drift == {}
    run_at_once(act, [(number, "move", "new") for number in range(40)])
    people = Counter(str(item["email"]) for item in all_signatures(petition, emulator_tables) if "email" in item)
    assert set(people.values()) == {1}
    assert exact_count(petition, NOW, emulator_tables).confirmed == sum(people.values()) >= 32


def all_signatures(petition: Petition, tables: Tables) -> list[dict[str, object]]:
    partitions = [keys.signature_partition(petition.slug, bucket) for bucket in keys.BUCKETS]
    return [item for pk in partitions for item in tables.query(keys.SIGNATURES, pk, consistent=True)]


def test_a_recount_reports_no_drift_while_people_confirm_and_withdraw(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    confirm_crowd(petition, emulator_tables, 30)
    subjects = [sign_as(f"late{number}", petition, emulator_tables) for number in range(120)]

    def act(number: int) -> None:
        subject = subjects[number]
        confirm(subject, Corrections(), petition, times.now(), emulator_tables)
        if number % 3 == 0:
            withdraw(subject.key, petition, times.now(), emulator_tables)

    with ThreadPoolExecutor(4) as pool:
        actions = [pool.submit(act, number) for number in range(120)]
        recounts = []
        while not all(action.done() for action in actions):
            recounts.append(recount(petition, times.now, emulator_tables))
        [action.result() for action in actions]
    assert any(found.moving for found in recounts), "no signature changed during a recount"
    for found in recounts:
        assert found.drift == {}
    settled = recount(petition, two_minutes_later, emulator_tables)
    assert (settled.drift, settled.moving) == ({}, 0)
    assert settled.confirmed == 30 + 80 == exact_count(petition, times.now(), emulator_tables).confirmed


def test_each_person_counts_once_while_the_number_of_shards_grows(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    subjects = [sign_as(f"s{number}", petition, emulator_tables, SOURCES[number % 3]) for number in range(90)]
    before = find_petition(petition.slug, times.now(), emulator_tables)

    def act(number: int) -> int:
        if number == 30:
            assert raise_shards(petition.slug, 40, emulator_tables)
            forget_all()
        # Every other process still has the old number of shards in its cache.
        cached = before if number % 2 else petition_as_stored(petition.slug, emulator_tables)
        confirm(subjects[number], Corrections(), cached, times.now(), emulator_tables)
        return exact_count(before, times.now(), emulator_tables).confirmed

    assert max(run_at_once(act, range(90), threads=6)) == 90
    assert petition_as_stored(petition.slug, emulator_tables).shards == 40
    later = times.now() + timedelta(days=2)
    assert exact_count(before, later, emulator_tables).confirmed == 90, "a day was closed with the old number of shards"
    found = recount(petition, lambda: later, emulator_tables)
    assert (found.drift, found.confirmed) == ({}, 90)
    by_day = breakdown(before, TallyDimension.DAY, Days(), later, emulator_tables).values
    assert sum(by_day.values()) == 90
