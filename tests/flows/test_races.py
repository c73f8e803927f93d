"""Concurrent requests on the emulator's conditions and transactions leave exact counts."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core import keys, times
from chalicelib.core.errors import Stale
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Subject
from chalicelib.petitions.edit import edit, with_changes
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections, SignatureForm, read_json
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.sign import Outcome, SignResult, own_origin, sign
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import MAX_SOURCES, TallyDimension
from chalicelib.tallies.public import public_count
from chalicelib.tallies.snapshots import lease_snapshot
from tests.actors import a_signing_context
from tests.flows.handlers import EmulatedSite

Result = TypeVar("Result")
Argument = TypeVar("Argument")
NOW = times.now()


def run_at_once(act: Callable[[Argument], Result], arguments: Sequence[Argument], threads: int = 32) -> list[Result]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, arguments))


def form_of(local_part: str, source: str | None = None) -> SignatureForm:
    fields = {"name": "Alice", "email": f"{local_part}@example.org", "consent": {"sign": True}, "source": source}
    return read_json(json.dumps(fields))


def sign_as(local_part: str, petition: Petition, tables: Tables, source: str | None = None) -> Subject:
    """Sign, and return the subject of the links in the signature's emails."""
    identity = sign_by_api(local_part, petition, tables, source).signature_id
    return Subject(petition.slug, identity, "GB", source or DIRECT)


def sign_by_api(local_part: str, petition: Petition, tables: Tables, source: str | None = None) -> SignResult:
    origin = own_origin(petition, "api", source)
    return sign(form_of(local_part, source=source), petition, origin, NOW, a_signing_context(tables))


def test_32_concurrent_signings_of_one_address_are_one_signature_and_one_mail_request(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    outcomes = run_at_once(lambda _: sign_by_api("alice", petition, emulator_tables).outcome, range(32))
    assert outcomes.count(Outcome.ACCEPTED) == 1
    records = site.new_records()
    assert [record["eventName"] for record in records] == ["INSERT"]
    site.relay(records)
    assert len(site.receive_mail_messages()) == 1


def test_200_people_who_confirm_three_times_at_once_are_counted_as_200(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    sources = ("bbc-news", "friends", None)

    def sign_one(number: int) -> Subject:
        return sign_as(f"a{number}", petition, emulator_tables, sources[number % 3])

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


def test_concurrent_confirming_and_withdrawing_leaves_an_exact_count(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    subjects = [sign_as(f"a{number}", petition, emulator_tables) for number in range(40)]

    def act(task: tuple[str, Subject]) -> None:
        verb, subject = task
        if verb == "confirm":
            confirm(subject, Corrections(), petition, NOW, emulator_tables)
        else:
            withdraw(subject.key, petition, NOW, emulator_tables)

    verbs = ("confirm", "withdraw", "confirm", "withdraw")
    run_at_once(act, [(verb, subject) for subject in subjects for verb in verbs])
    items = all_signatures(petition, emulator_tables)
    confirmed = sum(item["state"] == SignatureState.CONFIRMED for item in items)
    assert exact_count(petition, NOW, emulator_tables).confirmed == confirmed


def test_too_many_sources_are_counted_together_but_stored_separately(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    one_shard = petition.model_copy(update={"shards": 1})
    subjects = [
        sign_as(f"a{number}", one_shard, emulator_tables, f"source-{number}") for number in range(MAX_SOURCES + 5)
    ]
    for subject in subjects:
        confirm(subject, Corrections(), one_shard, NOW, emulator_tables)
    by_source = breakdown(one_shard, TallyDimension.SOURCE, Days(), NOW, emulator_tables).values
    assert by_source["other"] == 5
    assert sum(by_source.values()) == MAX_SOURCES + 5
    for subject in subjects:
        withdraw(subject.key, one_shard, NOW, emulator_tables)
    assert breakdown(one_shard, TallyDimension.SOURCE, Days(), NOW, emulator_tables).values == {}


def test_the_number_of_shards_can_grow_while_people_confirm(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    few = petition.model_copy(update={"shards": 2})
    many = petition.model_copy(update={"shards": 40})
    for number in range(30):
        subject = sign_as(f"a{number}", petition, emulator_tables)
        cached = few if number % 2 else many
        confirm(subject, Corrections(), cached, NOW, emulator_tables)
    assert exact_count(many, NOW, emulator_tables).confirmed == 30


def test_past_days_are_closed_once_by_concurrent_readers(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    expected: dict[str, int] = {}
    for day in range(3):
        now = NOW + timedelta(days=day)
        expected[now.date().isoformat()] = day + 1
        for number in range(day + 1):
            subject = sign_as(f"d{day}n{number}", petition, emulator_tables)
            confirm(subject, Corrections(), petition, now, emulator_tables)
    later = NOW + timedelta(days=9)
    counts = run_at_once(lambda _: exact_count(petition, later, emulator_tables).confirmed, range(16), threads=8)
    assert set(counts) == {6}
    by_day = breakdown(petition, TallyDimension.DAY, Days(), later, emulator_tables).values
    assert by_day == expected


def test_one_of_many_callers_gets_the_lease(emulator_tables: Tables, site: EmulatedSite, petition: Petition) -> None:
    leases = run_at_once(lambda _: lease_snapshot(petition.slug, NOW, 10, emulator_tables), range(20))
    assert leases.count(True) == 1
    after = NOW + timedelta(seconds=11)
    assert lease_snapshot(petition.slug, after, 10, emulator_tables), "an expired lease is taken over"


@pytest.mark.parametrize("confirmed", [0, 3])
def test_the_public_count_catches_up_within_seconds(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, confirmed: int
) -> None:
    now = times.now()
    for number in range(confirmed):
        subject = sign_as(f"a{number}", petition, emulator_tables)
        confirm(subject, Corrections(), petition, now, emulator_tables)
    assert public_count(petition, now + timedelta(seconds=6), emulator_tables).confirmed == confirmed


def all_signatures(petition: Petition, tables: Tables) -> list[dict[str, object]]:
    partitions = [keys.signature_partition(petition.slug, bucket) for bucket in keys.BUCKETS]
    return [item for pk in partitions for item in tables.query(keys.SIGNATURES, pk, consistent=True)]


def test_one_of_16_concurrent_edits_of_one_revision_is_stored_and_the_others_are_refused(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition
) -> None:
    before = petition_as_stored(petition.slug, emulator_tables)

    def try_to_edit(number: int) -> Petition | None:
        try:
            return edit(with_changes(before, title=f"Editor {number}"), NOW, emulator_tables)
        except Stale:
            return None

    results = run_at_once(try_to_edit, range(16), 16)
    [edited] = [result for result in results if result is not None]
    assert petition_as_stored(petition.slug, emulator_tables) == edited
    assert edited.revision == before.revision + 1
