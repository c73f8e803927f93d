"""The relay in its worst case: people who each write to as many targets as a petition may have, while AWS is slow."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.aws.clients import CONFIG, longest_call
from chalicelib.aws.queue import BATCH_LIMIT, Outgoing
from chalicelib.core import keys
from chalicelib.core.letter_keys import letter_ids
from chalicelib.delivery.worker import RELAY_SECONDS
from chalicelib.edge.batch import BatchFailed
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_contents import gather, mark_ended
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.mail.model import MailRequest
from chalicelib.petitions.letter import MOST_TARGETS
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import NOW, Person, item_of, key_of
from tests.fake_site import FakeSite, stream_event
from tests.letters.lettering import PENDING, a_petition_with_a_letter, confirmed_with_a_letter
from tests.mail.test_slow_calls import SlowTables
from tests.template.packaged import FUNCTIONS

# Lambda's default, which the template keeps.
BATCH = 100


@pytest.fixture
def tables() -> SlowTables:
    return SlowTables()


@pytest.fixture
def slow(fake_site: FakeSite, tables: SlowTables, monkeypatch: pytest.MonkeyPatch) -> SlowTables:
    """The clock moves by the longest time that each call may take, once `is_slow`."""
    for queue in (fake_site.queue, fake_site.other_queue):
        monkeypatch.setattr(queue, "send", slowly(queue.send, tables))
    monkeypatch.setattr("chalicelib.delivery.worker.time.monotonic", lambda: tables.now)
    return tables


def slowly(send: Any, tables: SlowTables) -> Any:
    def send_slowly(messages: Sequence[Outgoing]) -> None:
        calls = -(-len(messages) // BATCH_LIMIT)
        tables.now += calls * longest_call(CONFIG) if tables.is_slow else 0
        send(messages)

    return send_slowly


@pytest.fixture
def lettered(fake_site: FakeSite) -> Petition:
    targets = [{"key": f"t{n}", "name": "Office", "email": f"t{n}@target.example"} for n in range(MOST_TARGETS)]
    return a_petition_with_a_letter(fake_site, targets=targets)


def confirmations(fake_site: FakeSite, petition: Petition, people: int) -> list[tuple[str, Any, Any]]:
    """Let so many people confirm a letter. Each change also requests an email, the receipt."""
    changes = []
    for number in range(people):
        identity = confirmed_with_a_letter(fake_site, petition, Person("Ann", f"ann{number}@mail.example"))
        asked = {"mail_kind": "receipt", "mail_requested_at": "2026-11-24T12:00:00Z"}
        changes.append(("MODIFY", PENDING, item_of(fake_site.tables, petition, identity) | asked))
    return changes


def seconds(fake_site: FakeSite, slow: SlowTables, changes: list[tuple[str, Any, Any]]) -> float:
    slow.now, slow.is_slow = 0.0, True
    fake_site.invoke("relay_mail", stream_event(changes))
    return slow.now


def requests_in(tables: SlowTables) -> list[MailRequest]:
    found = [item for key, item in tables.items.items() if key.table == keys.DELIVERIES]
    return [LETTERS.request_of(item) for item in found]


def outcomes(fake_site: FakeSite, petition: Petition) -> Counter[DeliveryOutcome]:
    return LETTERS.outcomes(petition.slug, fake_site.tables)


def fits(took: float) -> bool:
    return took + RELAY_SECONDS < int(FUNCTIONS["RelayMail"]["Timeout"])


def test_one_persons_letters_fit_into_what_the_deadline_leaves(
    fake_site: FakeSite, slow: SlowTables, lettered: Petition
) -> None:
    assert fits(seconds(fake_site, slow, confirmations(fake_site, lettered, 1)))
    assert outcomes(fake_site, lettered) == {DeliveryOutcome.WAITING: MOST_TARGETS}


def test_so_they_do_if_each_was_dropped_and_is_requested_again(
    fake_site: FakeSite, slow: SlowTables, lettered: Petition
) -> None:
    changes = confirmations(fake_site, lettered, 1)
    fake_site.invoke("relay_mail", stream_event(changes))
    for request in requests_in(slow):
        LETTERS.drop(request, NOW, fake_site.tables)
    assert fits(seconds(fake_site, slow, changes))
    assert outcomes(fake_site, lettered) == {DeliveryOutcome.WAITING: MOST_TARGETS}


def test_so_does_a_withdrawal_from_digests_that_were_sent(
    fake_site: FakeSite, slow: SlowTables, lettered: Petition
) -> None:
    [(_, _, after)] = changes = confirmations(fake_site, lettered, 1)
    fake_site.invoke("relay_mail", stream_event(changes))
    for request in requests_in(slow):
        digest = gather(letter_ids(request.key), request, "LS", False, NOW, fake_site.tables)
        assert digest
        mark_ended(digest, NOW, fake_site.tables)
    withdraw(key_of(lettered, after["sk"]), lettered, NOW, fake_site.tables)
    gone = item_of(fake_site.tables, lettered, after["sk"])
    assert fits(seconds(fake_site, slow, [("MODIFY", after, gone)]))


def test_a_batch_that_takes_too_long_fails_in_time_so_that_lambda_halves_it(
    fake_site: FakeSite, slow: SlowTables, lettered: Petition
) -> None:
    changes = confirmations(fake_site, lettered, BATCH)
    with pytest.raises(BatchFailed):
        seconds(fake_site, slow, changes)
    assert RELAY_SECONDS < slow.now < FUNCTIONS["RelayMail"]["Timeout"]
    slow.is_slow = False
    while changes:
        half, changes = changes[:50], changes[50:]
        fake_site.invoke("relay_mail", stream_event(half))
    assert outcomes(fake_site, lettered) == {DeliveryOutcome.WAITING: BATCH * MOST_TARGETS}
    messages = {message["key"] for message in fake_site.other_queue.messages if message["kind"] == "letter"}
    assert len(messages) == BATCH * MOST_TARGETS


def test_a_full_batch_needs_one_write_for_each_person(
    fake_site: FakeSite, slow: SlowTables, lettered: Petition
) -> None:
    """At 30 ms a transaction and 10 ms another call, a batch takes about 6 seconds. With a write for each letter it
    took 40, and the function's timeout was 30.
    """
    changes = confirmations(fake_site, lettered, BATCH)
    slow.calls.clear()
    fake_site.invoke("relay_mail", stream_event(changes))
    assert Counter(slow.calls)["transact"] == BATCH
    assert len(slow.calls) < 2.2 * BATCH
