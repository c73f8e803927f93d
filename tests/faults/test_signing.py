"""Any two AWS calls fail in any way while signing or storing overflowed signatures."""

import copy
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.core import keys
from chalicelib.petitions import find
from chalicelib.petitions.find import forget_petitions
from chalicelib.shedding.level import Level, forget_level, set_level
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, NOW, a_petition, a_published_petition, confirmed, identity_of, json_of, key_of, signed
from tests.fake_site import FakeSite
from tests.faults.injection import Fault, Faults, Injection, after_any_two_faults, call_with_faults, restore, targets
from tests.faults.sites import sites_from
from tests.signatures.test_sign import send_mail

API = "/api/petitions/safe-children/signatures"
PETITION = a_petition()
KEY = key_of(PETITION, identity_of(PETITION))
LATER = timedelta(hours=2)
# Faults here cause a 503: the petition is needed, and so is the queue after the table has refused.
NEEDED = ("chalicelib/petitions/store.py:get_with_slugs", "chalicelib/signatures/sign.py:_store_or_queue")
pytestmark = pytest.mark.faults
ENTRIES = (("chalicelib.signatures.api", "sign_by_json"), ("chalicelib.signatures.worker", "store_overflow"))


def nothing(fake_site: FakeSite) -> None:
    """No signature exists."""


def pending(fake_site: FakeSite) -> None:
    send_mail(fake_site.tables, PETITION, signed(fake_site.tables, PETITION))


def pending_with_its_mail_lost_on_the_way(fake_site: FakeSite) -> None:
    signed(fake_site.tables, PETITION)


def confirmed_before(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, PETITION)


def obtained_by_a_partner(fake_site: FakeSite) -> None:
    confirmed_before(fake_site)
    fake_site.tables.items[KEY]["obtained_by"] = "Oak"


def withdrawn(fake_site: FakeSite) -> None:
    pending(fake_site)
    withdraw(KEY, PETITION, NOW, fake_site.tables)


def withdrawn_past_the_mail_limits(fake_site: FakeSite) -> None:
    withdrawn(fake_site)
    fake_site.tables.items[KEY]["mails"] = 5


def expired(fake_site: FakeSite) -> None:
    pending(fake_site)
    fake_site.tables.items[KEY]["expires_at"] = int(NOW.timestamp()) + 1


def accept_only(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)


BEFORE = [
    nothing,
    pending,
    pending_with_its_mail_lost_on_the_way,
    confirmed_before,
    obtained_by_a_partner,
    withdrawn,
    withdrawn_past_the_mail_limits,
    expired,
    accept_only,
]
Setting = Callable[[FakeSite], None]
every_setting = pytest.mark.parametrize("before", BEFORE)


def prepare(fake_site: FakeSite, before: Setting) -> None:
    """Reset to a new process, tables as in `before`, empty queues, two hours later."""
    restore(*targets(fake_site))
    fake_site.tables.items.clear()
    fake_site.overflow.messages.clear()
    a_published_petition(fake_site.tables)
    forget_level()
    before(fake_site)
    forget_petitions()
    forget_level()
    fake_site.clock.moment = NOW + LATER


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
    people = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    return len(people) == 1 and people[0]["state"] in ("pending", "confirmed") and people[0]["name"] == ALICE.name


def mails(fake_site: FakeSite) -> int:
    return int(fake_site.tables.items.get(KEY, {}).get("mails", 0))


@every_setting
def test_after_any_faults_each_202_is_stored_once_with_one_email(fake_site: FakeSite, before: Setting) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, before)
        mails_before = mails(fake_site)
        answer, made = call_with_faults(fake_site, faults, lambda: fake_site.post_json(API, json_of()))
        sites = made.sites
        assert answer is None or answer.status_code in (202, 503), faults
        if answer is not None and answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
        if answer is not None and len(faults) == 1 and sites[min(faults)] not in NEEDED:
            assert answer.status_code == 202, faults
        drain_queue(fake_site)
        assert is_kept(fake_site) or answer is None or answer.status_code == 503, faults
        assert mails(fake_site) - mails_before <= 1, faults
        if answer is not None and answer.status_code == 202 and mails_before < 5:
            assert mails(fake_site) - mails_before == 1, faults
        return made

    after_any_two_faults(run)


@every_setting
def test_a_retry_without_an_answer_is_stored_once(fake_site: FakeSite, before: Setting) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, before)
        mails_before = mails(fake_site)
        answer, made = call_with_faults(fake_site, faults, lambda: fake_site.post_json(API, json_of()))
        if answer is not None and answer.status_code == 202:
            return made  # The test above covers it.
        fake_site.clock.forward(timedelta(seconds=5))
        assert fake_site.post_json(API, json_of()).status_code == 202
        drain_queue(fake_site)
        assert is_kept(fake_site), faults
        assert mails(fake_site) - mails_before <= 1, faults
        return made

    after_any_two_faults(run)


@every_setting
def test_after_any_faults_in_the_worker_each_queued_signature_is_stored_once(
    fake_site: FakeSite, before: Setting
) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, before)
        mails_before = mails(fake_site)
        set_level(Level.ACCEPT_ONLY, fake_site.tables)
        assert fake_site.post_json(API, json_of()).status_code == 202
        deliver = lambda: fake_site.deliver("store_overflow", fake_site.overflow.messages)  # noqa: E731
        failed, made = call_with_faults(fake_site, faults, deliver)
        assert failed in (None, [], ["0"])
        drain_queue(fake_site)
        assert is_kept(fake_site), faults
        assert mails(fake_site) - mails_before <= 1, faults
        return made

    after_any_two_faults(run)


def test_every_call_in_the_code_is_faulted(fake_site: FakeSite) -> None:
    """A new call of these handlers fails this test until a setting makes it."""
    made: set[str] = set()
    for before in BEFORE:
        for faults in ({}, {2: Fault.THROTTLED}):
            prepare(fake_site, before)
            made |= set(call_with_faults(fake_site, faults, lambda: fake_site.post_json(API, json_of()))[1].sites)
            drain = lambda: fake_site.deliver("store_overflow", fake_site.overflow.messages)  # noqa: E731
            made |= set(call_with_faults(fake_site, {}, drain)[1].sites)
    find._petition_cache.clear()  # The process knows that the petition exists, and has not read it.
    made |= set(call_with_faults(fake_site, {}, lambda: fake_site.post_json(API, json_of()))[1].sites)
    assert made == sites_from(ENTRIES)
    assert {site.rpartition("/")[2] for site in made} >= {
        "store.py:add",
        "sign.py:_store_or_queue",
        "mail_state.py:nudge_mail",
        "mail_state.py:request_mail",
    }
