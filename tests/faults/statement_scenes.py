"""Scenes of statements: freeze a count, and check it."""

from functools import partial

from chalicelib.core.errors import Unavailable
from chalicelib.statements.freeze import freeze, statement_from_token, statement_token
from chalicelib.statements.short import store_short_code
from tests.actors import NOW, TOKEN_KEYS, confirmed
from tests.faults.scenes import PETITION, Scene, get, has_status
from tests.faults.staff_scenes import bob_may_all, is_in_the_trail
from tests.served import Served

FREEZE = "/api/staff/petitions/safe-children/statements"


def bob_freezes(served: Served) -> None:
    bob_may_all(served)
    confirmed(served.tables, PETITION)


def a_statement(served: Served) -> None:
    bob_freezes(served)
    served.statement = statement_token(freeze(PETITION, NOW, served.tables), TOKEN_KEYS)  # type: ignore[attr-defined]


def freeze_count(served: Served) -> bool:
    headers = {"Authorization": f"Bearer {served.bob}"}  # type: ignore[attr-defined]
    try:
        answer = served.client.http.request("POST", FREEZE, headers=headers, body=b"")
    except Unavailable:
        return False
    if has_status(answer, 201):
        served.statement = answer.json_body["url"].rpartition("/")[2]  # type: ignore[attr-defined]
        return True
    return False


def a_short_address(served: Served) -> None:
    a_statement(served)
    served.code = store_short_code(served.statement, served.tables)  # type: ignore[attr-defined]


def follow_short_address(served: Served) -> bool:
    return has_status(served.get(f"/s/{served.code}"), 302)  # type: ignore[attr-defined]


def read_statement(where: str, served: Served) -> bool:
    return get(f"{where}/statements/{served.statement}", served)  # type: ignore[attr-defined]


def is_frozen(served: Served) -> None:
    is_in_the_trail("statement.frozen", served)
    is_valid(served)


def is_valid(served: Served) -> None:
    assert statement_from_token(served.statement, TOKEN_KEYS).confirmed == 1  # type: ignore[attr-defined]


STATEMENT_SCENES = [
    Scene("freeze_count", bob_freezes, freeze_count, is_frozen),
    Scene("check_statement", a_statement, partial(read_statement, "/api"), is_valid),
    Scene("show_statement", a_statement, partial(read_statement, ""), is_valid),
    Scene("show_short_statement", a_short_address, follow_short_address, is_valid),
]  # fmt: skip
