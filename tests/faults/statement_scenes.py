"""Scenes of statements: freeze a count, and check it."""

from functools import partial

from chalicelib.core.errors import Unavailable
from chalicelib.statements.freeze import freeze, statement_from_token, statement_token, store_short_code
from tests.actors import NOW, TOKEN_KEYS
from tests.fake_site import FakeSite
from tests.faults.people_scenes import with_bob_and_alice_confirmed
from tests.faults.scenes import PETITION, Scene, get, has_status
from tests.faults.staff_scenes import assert_audit_entry

STATEMENTS_URL = "/api/staff/petitions/safe-children/statements"


def with_a_statement(fake_site: FakeSite) -> None:
    with_bob_and_alice_confirmed(fake_site)
    fake_site.scene_state.statement_token = statement_token(freeze(PETITION, NOW, fake_site.tables), TOKEN_KEYS)


def freeze_count(fake_site: FakeSite) -> bool:
    headers = {"Authorization": f"Bearer {fake_site.scene_state.bobs_token}"}
    try:
        answer = fake_site.client.http.request("POST", STATEMENTS_URL, headers=headers, body=b"")
    except Unavailable:
        return False
    is_frozen = has_status(answer, 201)
    if is_frozen:
        fake_site.scene_state.statement_token = answer.json_body["url"].rpartition("/")[2]
    return is_frozen


def with_a_short_address(fake_site: FakeSite) -> None:
    with_a_statement(fake_site)
    fake_site.scene_state.short_code = store_short_code(fake_site.scene_state.statement_token, fake_site.tables)


def follow_short_address(fake_site: FakeSite) -> bool:
    return has_status(fake_site.get(f"/s/{fake_site.scene_state.short_code}"), 302)


def read_statement(prefix: str, fake_site: FakeSite) -> bool:
    return get(f"{prefix}/statements/{fake_site.scene_state.statement_token}", fake_site)


def assert_statement_is_frozen(fake_site: FakeSite) -> None:
    assert_audit_entry("statement.frozen", fake_site)
    assert_statement_is_valid(fake_site)


def assert_statement_is_valid(fake_site: FakeSite) -> None:
    assert statement_from_token(fake_site.scene_state.statement_token, TOKEN_KEYS).confirmed == 1


STATEMENT_SCENES = [
    Scene("freeze_count", with_bob_and_alice_confirmed, freeze_count, assert_statement_is_frozen),
    Scene("check_statement", with_a_statement, partial(read_statement, "/api"), assert_statement_is_valid),
    Scene("show_statement", with_a_statement, partial(read_statement, ""), assert_statement_is_valid),
    Scene("show_short_statement", with_a_short_address, follow_short_address, assert_statement_is_valid),
]  # fmt: skip
