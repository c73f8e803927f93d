"""Scenes of one person's data and of signing in. The tally stays exact, and all access is in the activity log."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial

import pytest

from chalicelib.core.settings import settings
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.signin.provider import forget_provider
from tests.actors import ALICE, DAY, NOW, item_of
from tests.fake_site import FakeSite
from tests.faults.link_scenes import assert_email_is_allowed, with_email_to_alice_stopped
from tests.faults.scenes import (
    KEY,
    PETITION,
    Scene,
    assert_alices_state,
    assert_exact_counts,
    has_status,
    use_few_partitions,
    with_alice_confirmed,
    with_alice_pending,
    with_alice_taken_back,
)
from tests.faults.staff_scenes import assert_audit_entry, call, invoke_staff_route, read, with_bobs_token
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.signatures.test_erase import ERASED_ATTRIBUTES
from tests.signin.fake_provider import CLIENT, a_fake_provider
from tests.signin.test_api import SESSION_BODY, SIGN_IN_BODY

PERSON_URL = f"/api/staff/people/{PETITION.slug}/{KEY.sk}"


@contextmanager
def run_provider(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a sign-in provider. It is not part of AWS, so it has no faults here."""
    variables = {"ISSUER": _issuer(), "CLIENT_ID": CLIENT, "CLAIM": "groups", "RIGHTS": '{"team": ["counts"]}'}
    for name, value in variables.items():
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
    provider = running.enter_context(a_fake_provider())
    provider.issue_token(exp=int((NOW + DAY).timestamp()))
    return provider.issuer


@contextmanager
def surroundings(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a sign-in provider, and replace slow parts that make no further kind of AWS call."""
    use_few_partitions(patch)
    # Typesetting a cover sheet takes a quarter of a second, drawing a petition's picture 50 ms.
    patch.setattr("chalicelib.exports.run.cover_sheet", lambda _: b"%PDF")
    patch.setattr("chalicelib.petitions.api.card_of", lambda *_: b"PNG")
    # One row after the other, so that the calls have the same order each time.
    patch.setattr("chalicelib.partners.imports.worker.WORKERS", 1)
    with run_provider(patch):
        yield


def with_bob_and_alice_pending(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    with_alice_pending(fake_site)


def with_bob_and_alice_stopped(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    with_email_to_alice_stopped(fake_site)


def assert_email_is_allowed_again(fake_site: FakeSite) -> None:
    assert_email_is_allowed(fake_site)
    assert_audit_entry("mail.allowed", fake_site)


def with_bob_and_alice_confirmed(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    with_alice_confirmed(fake_site)


def with_bob_and_alice_from_a_partner(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    oak = a_partner(fake_site.tables)
    take_each([read_signature(sent_of(), oak, NOW)], a_receiving_context(fake_site.tables, PETITION, oak), NOW)


def with_bob_and_alice_taken_back(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    with_alice_taken_back(fake_site)


def assert_alice_is_erased(action: str, fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk).keys() == ERASED_ATTRIBUTES
    assert_exact_counts(fake_site)
    assert_audit_entry(action, fake_site)


def assert_alice_is_withdrawn(fake_site: FakeSite) -> None:
    assert_alices_state("withdrawn", fake_site)
    assert_audit_entry("signature.withdrawn", fake_site)


def sign_in(path: str, body: dict[str, str], fake_site: FakeSite) -> bool:
    return has_status(fake_site.post_json(path, body), 200)


ERASE = partial(call, "POST", "/api/staff/people/erase", 200, {"email": ALICE.email})
FIND = partial(call, "POST", "/api/staff/people/find", 200, {"email": ALICE.email})

PEOPLE_SCENES = [
    Scene("find_person", with_bob_and_alice_confirmed, FIND, partial(assert_audit_entry, "person.found")),
    Scene("erase_address", with_bobs_token, ERASE, partial(assert_alice_is_erased, "person.erased")),
    Scene("erase_address", with_bob_and_alice_confirmed, ERASE, partial(assert_alice_is_erased, "person.erased")),
    Scene("show_signature", with_bob_and_alice_confirmed, partial(read, PERSON_URL),
          partial(assert_audit_entry, "person.shown")),
    Scene("resend_mail", with_bob_and_alice_pending, partial(call, "POST", f"{PERSON_URL}/resend", 200, {}),
          partial(assert_audit_entry, "mail.resent")),
    Scene("resend_mail", with_bob_and_alice_confirmed, partial(call, "POST", f"{PERSON_URL}/resend", 200, {}),
          partial(assert_audit_entry, "mail.resent")),
    Scene("allow_mail", with_bob_and_alice_stopped,
          partial(call, "POST", f"{PERSON_URL}/allow-mail", 200, {"reason": "Asked."}), assert_email_is_allowed_again),
    Scene("withdraw_for_person", with_bob_and_alice_pending, partial(call, "POST", f"{PERSON_URL}/withdraw", 200, {}),
          assert_alice_is_withdrawn),
    Scene("withdraw_for_person", with_bob_and_alice_confirmed, partial(call, "POST", f"{PERSON_URL}/withdraw", 200, {}),
          assert_alice_is_withdrawn),
    Scene("withdraw_for_person", with_bob_and_alice_taken_back,
          partial(call, "POST", f"{PERSON_URL}/withdraw", 200, {}), assert_alice_is_withdrawn),
    Scene("erase_person", with_bob_and_alice_pending, partial(call, "POST", f"{PERSON_URL}/erase", 200, {}),
          partial(assert_alice_is_erased, "signature.erased")),
    Scene("erase_person", with_bob_and_alice_confirmed, partial(call, "POST", f"{PERSON_URL}/erase", 200, {}),
          partial(assert_alice_is_erased, "signature.erased")),
    Scene("export_access", with_bob_and_alice_confirmed, partial(call, "POST", f"{PERSON_URL}/access", 200, {}),
          partial(assert_audit_entry, "access.exported")),
    Scene("export_access", with_bob_and_alice_from_a_partner, partial(call, "POST", f"{PERSON_URL}/access", 200, {}),
          partial(assert_audit_entry, "access.exported")),
    Scene("people", with_bob_and_alice_confirmed,
          partial(invoke_staff_route, "people", "/api/staff/people/{slug}/{signature_id}", PERSON_URL),
          assert_exact_counts),
    Scene("begin_sign_in", with_bobs_token, partial(sign_in, "/api/staff/sign-in", SIGN_IN_BODY), assert_exact_counts),
    Scene("open_session", with_bobs_token, partial(sign_in, "/api/staff/session", SESSION_BODY),
          partial(assert_audit_entry, "signed-in")),
    Scene("sign_in", with_bobs_token, partial(invoke_staff_route, "sign_in", "/staff/signed-in", "/staff/signed-in"),
          assert_exact_counts),
]  # fmt: skip
