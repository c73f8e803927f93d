"""Scenes of one person's data and of signing in. The tally stays exact, and all access is in the audit trail."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial

import pytest

from chalicelib.core.settings import settings
from chalicelib.signin.provider import forget_provider
from tests.actors import ALICE, DAY, NOW, item_of
from tests.fake_site import FakeSite
from tests.faults.link_scenes import alice_stopped, email_is_allowed
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    alice_confirmed,
    alice_pending,
    alice_taken_back,
    counted_right,
    few_partitions,
    get,
    has_status,
    is_now,
)
from tests.faults.staff_scenes import as_function_of, bob_may_all, call, is_in_the_trail, read
from tests.signatures.test_erase import ERASED_ATTRIBUTES
from tests.signin.issuing import CLIENT, issuing
from tests.signin.test_api import BEGUN, RETURNED

PERSON = f"/api/staff/people/{PETITION.slug}/{KEY.sk}"


@contextmanager
def a_provider(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a sign-in provider. It is not part of AWS, so it has no faults here."""
    configured = {"ISSUER": _issuer(), "CLIENT_ID": CLIENT, "CLAIM": "groups", "RIGHTS": '{"team": ["counts"]}'}
    for name, value in configured.items():
        patch.setenv(f"OIDC_{name}", value)
    settings.cache_clear()
    forget_provider()
    yield
    forget_provider()
    settings.cache_clear()


@cache
def _issuer() -> str:
    """Start a provider that lets Bob in, until the process ends, and return its address."""
    running = ExitStack()
    atexit.register(running.close)
    site = running.enter_context(issuing())
    site.vouch(exp=int((NOW + DAY).timestamp()))
    return site.issuer


@contextmanager
def surroundings(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Replace what is slow and makes no other kind of AWS call, and run a sign-in provider."""
    few_partitions(patch)
    # Typesetting a cover sheet takes a quarter of a second, drawing a petition's picture 50 ms.
    patch.setattr("chalicelib.exports.deliver.cover_sheet", lambda _: b"%PDF")
    patch.setattr("chalicelib.petitions.api.card_of", lambda *_: b"PNG")
    # One row after the other, so that the calls have the same order each time.
    patch.setattr("chalicelib.partners.imports.run.WORKERS", 1)
    with a_provider(patch):
        yield


def bob_and_alice_pending(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    alice_pending(fake_site)


def bob_and_alice_stopped(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    alice_stopped(fake_site)


def is_allowed_again(fake_site: FakeSite) -> None:
    email_is_allowed(fake_site)
    is_in_the_trail("mail.allowed", fake_site)


def bob_and_alice_confirmed(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    alice_confirmed(fake_site)


def bob_and_alice_taken_back(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    alice_taken_back(fake_site)


def is_erased(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk).keys() == ERASED_ATTRIBUTES
    counted_right(fake_site)
    is_in_the_trail("signature.erased", fake_site)


def is_withdrawn(fake_site: FakeSite) -> None:
    is_now("withdrawn", fake_site)
    is_in_the_trail("signature.withdrawn", fake_site)


def sign_in(path: str, body: dict[str, str], fake_site: FakeSite) -> bool:
    return has_status(fake_site.post_json(path, body), 200)


def is_noted(action: str) -> partial[None]:
    return partial(is_in_the_trail, action)


def is_erased_everywhere(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk).keys() == ERASED_ATTRIBUTES
    counted_right(fake_site)
    is_in_the_trail("person.erased", fake_site)


ERASE = partial(call, "POST", "/api/staff/people/erase", 200, {"email": ALICE.email})
FIND = partial(call, "POST", "/api/staff/people/find", 200, {"email": ALICE.email})

PEOPLE_SCENES = [
    Scene("find_person", bob_and_alice_confirmed, FIND, is_noted("person.found")),
    Scene("erase_address", bob_may_all, ERASE, is_erased_everywhere),
    Scene("erase_address", bob_and_alice_confirmed, ERASE, is_erased_everywhere),
    Scene("show_signature", bob_and_alice_confirmed, partial(read, PERSON), is_noted("person.shown")),
    Scene("resend_mail", bob_and_alice_pending, partial(call, "POST", f"{PERSON}/resend", 200, {}),
          is_noted("mail.resent")),
    Scene("resend_mail", bob_and_alice_confirmed, partial(call, "POST", f"{PERSON}/resend", 200, {}),
          is_noted("mail.resent")),
    Scene("allow_mail", bob_and_alice_stopped,
          partial(call, "POST", f"{PERSON}/allow-mail", 200, {"reason": "Asked."}), is_allowed_again),
    Scene("withdraw_for_person", bob_and_alice_pending, partial(call, "POST", f"{PERSON}/withdraw", 200, {}),
          is_withdrawn),
    Scene("withdraw_for_person", bob_and_alice_confirmed, partial(call, "POST", f"{PERSON}/withdraw", 200, {}),
          is_withdrawn),
    Scene("withdraw_for_person", bob_and_alice_taken_back, partial(call, "POST", f"{PERSON}/withdraw", 200, {}),
          is_withdrawn),
    Scene("erase_person", bob_and_alice_pending, partial(call, "POST", f"{PERSON}/erase", 200, {}), is_erased),
    Scene("erase_person", bob_and_alice_confirmed, partial(call, "POST", f"{PERSON}/erase", 200, {}), is_erased),
    Scene("export_access", bob_and_alice_confirmed, partial(call, "POST", f"{PERSON}/access", 200, {}),
          is_noted("access.exported")),
    Scene("people", bob_and_alice_confirmed,
          partial(as_function_of, "people", "/api/staff/people/{slug}/{signature_id}", PERSON), counted_right),
    Scene("show_sign_in", bob_may_all, partial(get, "/staff/signed-in"), counted_right),
    Scene("begin_sign_in", bob_may_all, partial(sign_in, "/api/staff/sign-in", BEGUN), counted_right),
    Scene("open_session", bob_may_all, partial(sign_in, "/api/staff/session", RETURNED), is_noted("signed-in")),
    Scene("sign_in", bob_may_all, partial(as_function_of, "sign_in", "/staff/signed-in", "/staff/signed-in"),
          counted_right),
]  # fmt: skip
