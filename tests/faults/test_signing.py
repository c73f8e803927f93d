"""Any two AWS calls fail in any way while signing or storing overflowed signatures."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.petitions import find
from chalicelib.petitions.find import forget_petitions
from chalicelib.shedding.level import Level, forget_level, set_level
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, NOW, a_published_petition, confirmed, json_of, signed
from tests.fake_site import FakeSite
from tests.faults.injection import Fault, Faults, Injection, after_any_two_faults, call_with_faults, restore, targets
from tests.faults.scenes import KEY, PETITION, TWO_HOURS
from tests.signatures.test_sign import send_mail


def drain_queue(fake_site: FakeSite) -> None:
    """Deliver everything in the queue twice and send the emails in between."""
    for _ in range(2):
        fake_site.clock.forward(timedelta(minutes=5))
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
        after = copy.deepcopy(fake_site.tables.items.get(KEY))
        fake_site.clock.forward(timedelta(minutes=5))
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
        assert fake_site.tables.items.get(KEY) == after, "a redelivered message changed the signature"
        if after and "mail_kind" in after:
            send_mail(fake_site.tables, PETITION, KEY.sk, fake_site.clock.moment)


def is_kept(fake_site: FakeSite) -> bool:
    """Return whether Alice's signature is the only one, and is not withdrawn."""
    people = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    if len(people) != 1:
        return False
    [alice] = people
    return alice["state"] in ("pending", "confirmed") and alice["name"] == ALICE.name


def number_of_emails(fake_site: FakeSite) -> int:
    return int(fake_site.tables.items.get(KEY, {}).get("mails", 0))


SIGN_URL = "/api/petitions/safe-children/signatures"
# Faults here cause a 503: signing needs the petition, and the queue if the table has refused.
NEEDED = ("chalicelib/petitions/store.py:get_with_slugs", "chalicelib/signatures/sign.py:_store_or_queue")
pytestmark = pytest.mark.faults


def nothing(fake_site: FakeSite) -> None:
    """No signature exists."""


def with_alice_pending(fake_site: FakeSite) -> None:
    send_mail(fake_site.tables, PETITION, signed(fake_site.tables, PETITION))


def with_a_lost_email(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)


def with_alice_confirmed(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, PETITION)


def with_alice_from_a_partner(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    fake_site.tables.items[KEY]["obtained_by"] = "Oak"


def with_alice_withdrawn(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def with_alice_over_the_email_limit(fake_site: FakeSite) -> None:
    with_alice_withdrawn(fake_site)
    fake_site.tables.items[KEY]["mails"] = 5


def with_an_expired_signature(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    fake_site.tables.items[KEY]["expires_at"] = int(NOW.timestamp()) + 1


def with_overflow_only(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)


BEFORE = [
    nothing,
    with_alice_pending,
    with_a_lost_email,
    with_alice_confirmed,
    with_alice_from_a_partner,
    with_alice_withdrawn,
    with_alice_over_the_email_limit,
    with_an_expired_signature,
    with_overflow_only,
]
StateBefore = Callable[[FakeSite], None]
every_state = pytest.mark.parametrize("before", BEFORE)


def prepare(fake_site: FakeSite, before: StateBefore) -> None:
    """Begin a new process two hours later, with tables as `before` makes them and an empty queue."""
    restore(*targets(fake_site))
    fake_site.tables.items.clear()
    fake_site.overflow.messages.clear()
    a_published_petition(fake_site.tables)
    forget_level()
    before(fake_site)
    forget_petitions()
    forget_level()
    fake_site.clock.moment = NOW + TWO_HOURS


def sign_with_faults(fake_site: FakeSite, faults: Faults) -> tuple[Any, Injection]:
    return call_with_faults(fake_site, faults, lambda: fake_site.post_json(SIGN_URL, json_of()))


def store_with_faults(fake_site: FakeSite, faults: Faults) -> tuple[Any, Injection]:
    """Deliver the overflowed signatures."""
    messages = fake_site.overflow.messages
    return call_with_faults(fake_site, faults, lambda: fake_site.deliver("store_overflow", messages))


def may_answer_503(faults: Faults, made: Injection) -> bool:
    """Return whether 503 is right: after two faults, or after one fault in a call that signing needs."""
    if len(faults) > 1:
        return True
    return any(site in NEEDED for site, _ in made.met)


@every_state
def test_after_any_faults_each_202_is_stored_once_with_one_email(fake_site: FakeSite, before: StateBefore) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, before)
        emails_before = number_of_emails(fake_site)
        answer, made = sign_with_faults(fake_site, faults)
        status = None if answer is None else answer.status_code
        assert status in (None, 202, 503), faults
        if status == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert may_answer_503(faults, made), faults
        drain_queue(fake_site)
        emails = number_of_emails(fake_site) - emails_before
        assert emails <= 1, faults
        if status == 202:
            assert is_kept(fake_site), faults
        if status == 202 and emails_before < 5:
            assert emails == 1, faults
        return made

    after_any_two_faults(run)


@every_state
def test_a_retry_after_no_answer_or_a_503_is_stored_once(fake_site: FakeSite, before: StateBefore) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, before)
        emails_before = number_of_emails(fake_site)
        answer, made = sign_with_faults(fake_site, faults)
        if answer is not None and answer.status_code == 202:
            return made  # The test above covers it.
        fake_site.clock.forward(timedelta(seconds=5))
        assert fake_site.post_json(SIGN_URL, json_of()).status_code == 202
        drain_queue(fake_site)
        assert is_kept(fake_site), faults
        assert number_of_emails(fake_site) - emails_before <= 1, faults
        return made

    after_any_two_faults(run)


@every_state
def test_after_any_faults_in_the_worker_each_queued_signature_is_stored_once(
    fake_site: FakeSite, before: StateBefore
) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, before)
        emails_before = number_of_emails(fake_site)
        set_level(Level.ACCEPT_ONLY, fake_site.tables)
        assert fake_site.post_json(SIGN_URL, json_of()).status_code == 202
        failed, made = store_with_faults(fake_site, faults)
        assert failed in (None, [], ["0"])
        drain_queue(fake_site)
        assert is_kept(fake_site), faults
        assert number_of_emails(fake_site) - emails_before <= 1, faults
        return made

    after_any_two_faults(run)


def test_the_states_before_lead_to_the_calls_that_only_these_tests_fault(fake_site: FakeSite) -> None:
    made: set[str] = set()
    for before in BEFORE:
        for faults in ({}, {2: Fault.THROTTLED}):
            prepare(fake_site, before)
            _, signing = sign_with_faults(fake_site, faults)
            _, failing = store_with_faults(fake_site, {0: Fault.THROTTLED})
            _, storing = store_with_faults(fake_site, {})
            made |= {*failing.sites}
            made |= {*signing.sites, *storing.sites}
    find._petition_cache.clear()  # The process knows that the petition exists, and has not read it.
    _, signing = sign_with_faults(fake_site, {})
    made |= {*signing.sites}
    assert {site.rpartition("/")[2] for site in made} >= {
        "store.py:add",
        "sign.py:_store_or_queue",
        "mail_state.py:nudge_mail",
        "mail_state.py:request_mail",
    }
