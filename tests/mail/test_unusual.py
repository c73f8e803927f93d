"""Networks and domains whose first emails come at an unusual rate are watched, for an hour, in one small item."""

import pytest

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Throttled
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.turns import BURST, INTERVAL, SAMPLE, UNUSUAL_DOMAIN, UNUSUAL_NETWORK, watch_domain, watch_network
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, set_level, stored_level
from chalicelib.shedding.watch import EVERYWHERE, MAX_WATCHED, WATCHED_FOR, ask, stored_watch, watch
from chalicelib.signatures.network import domain_hash
from tests.actors import (
    LIMIT_KEYS,
    MINUTE,
    NOW,
    a_mail_context,
    a_signing_context,
    change_item,
    item_of,
    key_of,
    request_of,
    sign_by_form,
)
from tests.fakes import FakeTables
from tests.mail.test_first_emails import book_turns

IN_SAMPLE, NOT_IN_SAMPLE = "safe-children_00f7", "safe-children_00f1"


def sign_up(tables: FakeTables, domain: str, count: int, key: str = IN_SAMPLE) -> None:
    for number in range(count):
        watch_domain(f"p{number}@{domain}", key, NOW, LIMIT_KEYS, tables)
        forget_all()


def test_a_network_is_watched_once_many_of_its_emails_wait_and_that_is_written_once(tables: FakeTables) -> None:
    watch_network("n" * 32, UNUSUAL_NETWORK - INTERVAL, NOW, tables)
    assert not tables.calls
    for _ in range(5):
        watch_network("n" * 32, UNUSUAL_NETWORK, NOW, tables)
        forget_all()
    assert tables.calls.count("update") == 1
    assert stored_watch(tables).has("n" * 32, NOW)
    assert not stored_watch(tables).has("n" * 32, NOW + WATCHED_FOR)


def test_a_domain_is_watched_above_its_usual_rate_by_a_sample(tables: FakeTables) -> None:
    hashed = domain_hash("mail.example", NOW, LIMIT_KEYS)
    sign_up(tables, "mail.example", UNUSUAL_DOMAIN // SAMPLE)
    assert not stored_watch(tables).until
    sign_up(tables, "mail.example", 1)
    assert stored_watch(tables).has(hashed, NOW)


@pytest.mark.parametrize(("domain", "key"), [("gmail.com", IN_SAMPLE), ("mail.example", NOT_IN_SAMPLE)])
def test_large_providers_and_most_signatures_cost_no_write(tables: FakeTables, domain: str, key: str) -> None:
    sign_up(tables, domain, UNUSUAL_DOMAIN, key)
    assert not tables.calls


def test_a_failure_to_watch_delays_no_email(tables: FakeTables) -> None:
    tables.fail_next(Throttled("storage"))
    watch_domain("a@mail.example", IN_SAMPLE, NOW, LIMIT_KEYS, tables)
    tables.fail_next(Throttled("storage"), Throttled("storage"))
    watch_network("n" * 32, UNUSUAL_NETWORK, NOW, tables)


def test_the_watch_keeps_the_newest_entries_and_the_level_and_what_staff_ask(tables: FakeTables) -> None:
    set_level(Level.LONGER_CACHES, tables)
    ask("safe-children", asked=True, tables=tables)
    for number in range(MAX_WATCHED + 5):
        watch(f"{number:032}"[::-1], NOW + number * INTERVAL, tables)
        forget_all()
    stored = stored_watch(tables)
    assert (len(stored.until), stored.is_asked_for("safe-children")) == (MAX_WATCHED, True)
    assert stored_level(tables) is Level.LONGER_CACHES
    assert len(str(tables.items[keys.shedding_level()])) < 4096
    set_level(Level.NORMAL, tables)
    assert stored_watch(tables) == stored
    watch("n" * 32, NOW + 2 * WATCHED_FOR, tables)
    assert len(stored_watch(tables).until) == 1, "entries that have ended are dropped"


def test_staff_ask_for_one_petition_or_for_the_site(tables: FakeTables) -> None:
    for _ in range(2):
        ask(EVERYWHERE, asked=True, tables=tables)
    assert stored_watch(tables).is_asked_for("any")
    ask(EVERYWHERE, asked=False, tables=tables)
    assert not stored_watch(tables).asked


def test_the_sender_watches_a_network_by_its_turns(tables: FakeTables, petition: Petition) -> None:
    network = "n" * 32
    book_turns(tables, BURST + round(UNUSUAL_NETWORK / INTERVAL), network)
    identity = sign_by_form(petition, NOW, a_signing_context(tables), network=network).signature_id
    forget_all()
    send(request_of(tables, petition, identity), SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    assert stored_watch(tables).has(network, NOW)


@pytest.mark.parametrize("is_mailed", [True, False])
def test_who_ends_a_hold_takes_a_turn_of_the_network(
    tables: FakeTables, petition: Petition, *, is_mailed: bool
) -> None:
    """Otherwise one usual network could end all holds of an attack, by signing everything again."""
    busy, usual = "b" * 32, "u" * 32
    book_turns(tables, BURST + 10, busy)
    context = a_signing_context(tables)
    identity = sign_by_form(petition, NOW, context, network=busy).signature_id
    change_item(tables, petition, identity, held="network")
    first = request_of(tables, petition, identity)
    if is_mailed:
        del tables.items[key_of(petition, identity)]["mail_network"]
    send(first, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    book_turns(tables, BURST + round((UNUSUAL_NETWORK + MINUTE) / INTERVAL), usual)
    for _ in range(2):  # The second time, nothing is held.
        sign_by_form(petition, NOW + MINUTE, context, network=usual)
    item = item_of(tables, petition, identity)
    assert (item.get("held"), item["mail_network"]) == (None, usual)
    forget_all()
    send(request_of(tables, petition, identity), SIGNATURE_KINDS, a_mail_context(), NOW + MINUTE, tables)
    assert stored_watch(tables).has(usual, NOW + MINUTE)
