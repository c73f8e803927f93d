"""Concurrent requests on the emulator's conditions and transactions leave exact counts."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from chalicelib.aws.table import Tables
from chalicelib.core import keys, times
from chalicelib.core.address import read_address, signature_id
from chalicelib.core.errors import LinkExpired
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import Subject
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections, SignatureForm, read_json
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.owner import move
from chalicelib.signatures.sign import Outcome, SignResult, own_origin, sign
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
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
    assert [record["eventName"] for record in site.relay()] == ["INSERT"]
    assert len(site.waiting_mail()) == 1


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
        if verb == "move" and found:
            move(found, address, identity, NOW, emulator_tables)
        elif verb == "confirm":
            with suppress(LinkExpired):
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
