"""Scenes of statements: freeze a count, and check it."""

from functools import partial

from chalicelib.statements.freeze import freeze, statement_from_token, statement_token
from chalicelib.statements.short import store_short_code
from tests.actors import NOW, TOKEN_KEYS
from tests.fake_site import FakeSite
from tests.faults.scenes import PETITION, Scene, get, has_status, with_alice_confirmed


def with_a_statement(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    fake_site.scene_state.statement_token = statement_token(freeze(PETITION, NOW, fake_site.tables), TOKEN_KEYS)


def with_a_short_address(fake_site: FakeSite) -> None:
    with_a_statement(fake_site)
    fake_site.scene_state.short_code = store_short_code(fake_site.scene_state.statement_token, fake_site.tables)


def follow_short_address(fake_site: FakeSite) -> bool:
    return has_status(fake_site.get(f"/s/{fake_site.scene_state.short_code}"), 302)


def read_statement(prefix: str, fake_site: FakeSite) -> bool:
    return get(f"{prefix}/statements/{fake_site.scene_state.statement_token}", fake_site)


def assert_statement_is_valid(fake_site: FakeSite) -> None:
    assert statement_from_token(fake_site.scene_state.statement_token, TOKEN_KEYS).confirmed == 1


STATEMENT_SCENES = [
    Scene("check_statement", with_a_statement, partial(read_statement, "/api"), assert_statement_is_valid),
    Scene("show_statement", with_a_statement, partial(read_statement, ""), assert_statement_is_valid),
    Scene("show_short_statement", with_a_short_address, follow_short_address, assert_statement_is_valid),
]  # fmt: skip
