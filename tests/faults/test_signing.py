"""Any two AWS calls fail in any way while signing or storing overflowed signatures."""

import copy
from collections.abc import Callable
from datetime import timedelta

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import keys
from chalicelib.shedding.level import Level, set_level
from tests.actors import ALICE, NOW, json_of
from tests.fake_site import FakeSite
from tests.faults.injection import Faults, Injection, after_any_two_faults, call_with_faults
from tests.faults.public_scenes import with_alice_mailed
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    State,
    nothing,
    with_alice_confirmed,
    with_alice_pending,
    with_alice_withdrawn,
)
from tests.faults.test_every_handler import prepare
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


def with_alice_from_a_partner(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    fake_site.tables.items[KEY]["obtained_by"] = "Oak"


def with_an_expired_signature(fake_site: FakeSite) -> None:
    with_alice_mailed(fake_site)
    fake_site.tables.items[KEY]["expires_at"] = int(NOW.timestamp()) + 1


def with_overflow_only(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)


BEFORE = [
    nothing,
    with_alice_pending,
    with_alice_mailed,
    with_alice_confirmed,
    with_alice_from_a_partner,
    with_alice_withdrawn,
    with_an_expired_signature,
    with_overflow_only,
]


def sign_despite(faults: Faults, fake_site: FakeSite) -> Injection:
    """Sign with faults, and again five seconds later unless the answer was 202."""

    def sign() -> HTTPResponse:
        return fake_site.post_json(SIGN_URL, json_of())

    answer, made = call_with_faults(fake_site, faults, sign)
    status = None if answer is None else answer.status_code
    assert status in (None, 202, 503), faults
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0
        assert len(faults) > 1 or made.met[0][0] in NEEDED, faults
    if status != 202:
        fake_site.clock.forward(timedelta(seconds=5))
        assert sign().status_code == 202
    return made


def store_despite(faults: Faults, fake_site: FakeSite) -> Injection:
    """Sign while the table is spared, and store the signature from the queue with faults."""
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    assert fake_site.post_json(SIGN_URL, json_of()).status_code == 202
    messages = fake_site.overflow.messages
    failed, made = call_with_faults(fake_site, faults, lambda: fake_site.deliver("store_overflow", messages))
    assert failed in (None, [], ["0"])
    return made


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("attempt", [sign_despite, store_despite])
def test_after_any_faults_each_signature_is_stored_once_with_one_email(
    fake_site: FakeSite, before: State, attempt: Callable[[Faults, FakeSite], Injection]
) -> None:
    def run(faults: Faults) -> Injection:
        prepare(fake_site, Scene("sign_by_json", before, lambda _: True, nothing))
        emails_before = number_of_emails(fake_site)
        made = attempt(faults, fake_site)
        drain_queue(fake_site)
        assert is_kept(fake_site), faults
        assert number_of_emails(fake_site) == emails_before + 1, faults
        return made

    after_any_two_faults(run)
