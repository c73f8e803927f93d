"""Scenes of statements: freeze a count, and check it."""

from functools import partial

from chalicelib.core.errors import Unavailable
from chalicelib.statements.freeze import freeze, statement_from_token, statement_token
from chalicelib.statements.short import store_short_code
from tests.actors import NOW, TOKEN_KEYS, confirmed
from tests.fake_site import FakeSite
from tests.faults.scenes import PETITION, Scene, get, has_status
from tests.faults.staff_scenes import bob_may_all, is_in_the_trail

FREEZE = "/api/staff/petitions/safe-children/statements"


def bob_freezes(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    confirmed(fake_site.tables, PETITION)


def a_statement(fake_site: FakeSite) -> None:
    bob_freezes(fake_site)
    fake_site.statement = statement_token(freeze(PETITION, NOW, fake_site.tables), TOKEN_KEYS)  # type: ignore[attr-defined]


def freeze_count(fake_site: FakeSite) -> bool:
    headers = {"Authorization": f"Bearer {fake_site.bob}"}  # type: ignore[attr-defined]
    try:
        answer = fake_site.client.http.request("POST", FREEZE, headers=headers, body=b"")
    except Unavailable:
        return False
    if has_status(answer, 201):
        fake_site.statement = answer.json_body["url"].rpartition("/")[2]  # type: ignore[attr-defined]
        return True
    return False


def a_short_address(fake_site: FakeSite) -> None:
    a_statement(fake_site)
    fake_site.code = store_short_code(fake_site.statement, fake_site.tables)  # type: ignore[attr-defined]


def follow_short_address(fake_site: FakeSite) -> bool:
    return has_status(fake_site.get(f"/s/{fake_site.code}"), 302)  # type: ignore[attr-defined]


def read_statement(where: str, fake_site: FakeSite) -> bool:
    return get(f"{where}/statements/{fake_site.statement}", fake_site)  # type: ignore[attr-defined]


def is_frozen(fake_site: FakeSite) -> None:
    is_in_the_trail("statement.frozen", fake_site)
    is_valid(fake_site)


def is_valid(fake_site: FakeSite) -> None:
    assert statement_from_token(fake_site.statement, TOKEN_KEYS).confirmed == 1  # type: ignore[attr-defined]


STATEMENT_SCENES = [
    Scene("freeze_count", bob_freezes, freeze_count, is_frozen),
    Scene("check_statement", a_statement, partial(read_statement, "/api"), is_valid),
    Scene("show_statement", a_statement, partial(read_statement, ""), is_valid),
    Scene("show_short_statement", a_short_address, follow_short_address, is_valid),
]  # fmt: skip
