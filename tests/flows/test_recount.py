"""The recount on the emulator, with pages and transactions, while people confirm."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core import times
from chalicelib.core.tokens import Subject
from chalicelib.petitions.edit import raise_shards
from chalicelib.petitions.find import find_petition, forget_petitions, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.flows.handlers import EmulatedSite
from tests.flows.test_races import run_at_once, sign_as

SOURCES = ("bbc-news", "friends", None)


def two_minutes_later() -> datetime:
    return times.now() + timedelta(minutes=2)


def confirm_crowd(petition: Petition, tables: Tables, size: int, name: str = "a") -> None:
    subjects = [sign_as(f"{name}{number}", petition, tables, SOURCES[number % 3]) for number in range(size)]

    def confirm_one(subject: Subject) -> None:
        confirm(subject, Corrections(), petition, times.now(), tables)

    run_at_once(confirm_one, subjects, 8)


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
            forget_petitions()
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
