"""The relay in its worst case: people who each write to as many targets as a petition may have, while AWS is slow."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.aws.clients import CONFIG, longest_call
from chalicelib.aws.queue import BATCH_LIMIT, Outgoing
from chalicelib.delivery.worker import RELAY_SECONDS
from chalicelib.edge.batch import BatchFailed
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.letter import MAX_TARGETS
from chalicelib.petitions.model import Petition
from tests.actors import Person, item_of
from tests.fake_site import FakeSite, stream_event
from tests.letters.lettering import PENDING, a_petition_with_a_letter, confirmed_with_a_letter
from tests.mail.test_batch_sender import SlowTables
from tests.template.packaged import FUNCTIONS

# Lambda's default, which the template keeps.
BATCH_SIZE = 100


@pytest.fixture
def tables() -> SlowTables:
    return SlowTables()


@pytest.fixture
def slow_tables(fake_site: FakeSite, tables: SlowTables, monkeypatch: pytest.MonkeyPatch) -> SlowTables:
    """While `is_slow`, each call moves the clock by the longest time that it may take."""
    for queue in (fake_site.queue, fake_site.other_queue):
        monkeypatch.setattr(queue, "send", slow_send(queue.send, tables))
    monkeypatch.setattr("chalicelib.delivery.worker.time.monotonic", lambda: tables.now)
    return tables


def slow_send(send: Any, tables: SlowTables) -> Any:
    def send_slowly(messages: Sequence[Outgoing]) -> None:
        calls = -(-len(messages) // BATCH_LIMIT)
        tables.now += calls * longest_call(CONFIG) if tables.is_slow else 0
        send(messages)

    return send_slowly


@pytest.fixture
def letter_petition(fake_site: FakeSite) -> Petition:
    targets = [{"key": f"t{n}", "name": "Office", "email": f"t{n}@target.example"} for n in range(MAX_TARGETS)]
    return a_petition_with_a_letter(fake_site, targets=targets)


def confirmations(fake_site: FakeSite, petition: Petition, people: int) -> list[tuple[str, Any, Any]]:
    """Let so many people confirm a letter. Each change also requests an email, the receipt."""
    changes = []
    for number in range(people):
        identity = confirmed_with_a_letter(fake_site, petition, Person("Ann", f"ann{number}@mail.example"))
        receipt = {"mail_kind": "receipt", "mail_requested_at": "2026-11-24T12:00:00Z"}
        changes.append(("MODIFY", PENDING, item_of(fake_site.tables, petition, identity) | receipt))
    return changes


def outcomes(fake_site: FakeSite, petition: Petition) -> Counter[DeliveryOutcome]:
    return LETTERS.outcomes(petition.slug, fake_site.tables)


def test_a_batch_that_takes_too_long_fails_in_time_so_that_lambda_halves_it(
    fake_site: FakeSite, slow_tables: SlowTables, letter_petition: Petition
) -> None:
    changes = confirmations(fake_site, letter_petition, BATCH_SIZE)
    slow_tables.now, slow_tables.is_slow = 0.0, True
    with pytest.raises(BatchFailed):
        fake_site.invoke("relay_mail", stream_event(changes))
    assert RELAY_SECONDS < slow_tables.now < FUNCTIONS["RelayMail"]["Timeout"]
    slow_tables.is_slow = False
    while changes:
        half, changes = changes[:50], changes[50:]
        fake_site.invoke("relay_mail", stream_event(half))
    assert outcomes(fake_site, letter_petition) == {DeliveryOutcome.WAITING: BATCH_SIZE * MAX_TARGETS}
    messages = {message["key"] for message in fake_site.other_queue.messages if message["kind"] == "letter"}
    assert len(messages) == BATCH_SIZE * MAX_TARGETS


def test_a_full_batch_needs_one_write_for_each_person(
    fake_site: FakeSite, slow_tables: SlowTables, letter_petition: Petition
) -> None:
    """With 30 ms for a transaction and 10 ms for any other call, a batch takes about 6 seconds.

    With a write for each letter it took 40 seconds, and the function's timeout was 30.
    """
    changes = confirmations(fake_site, letter_petition, BATCH_SIZE)
    slow_tables.calls.clear()
    fake_site.invoke("relay_mail", stream_event(changes))
    assert Counter(slow_tables.calls)["transact"] == BATCH_SIZE
    assert len(slow_tables.calls) < 2.2 * BATCH_SIZE
