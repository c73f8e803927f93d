"""A statement's short address can be read out on air and typed in any way. It is never the proof itself."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotAStatement
from chalicelib.statements import freeze
from chalicelib.statements.freeze import find_statement_token, store_short_code
from tests.actors import SITE, bobs_token
from tests.fake_site import FakeSite
from tests.fakes import FakeTables

STATEMENTS = "/api/staff/petitions/safe-children/statements"


@pytest.mark.usefixtures("petition")
def test_the_short_address_leads_to_the_statement(fake_site: FakeSite) -> None:
    frozen = fake_site.post(STATEMENTS, b"", "application/json", authorization=f"Bearer {bobs_token(fake_site.tables)}")
    url = frozen.json_body["short_url"]
    assert re.fullmatch(rf"{re.escape(SITE)}/s/[{freeze.CHARACTERS}]{{6}}", url)
    answer = fake_site.get(urlsplit(url).path)
    assert (answer.status_code, answer.headers["Location"]) == (302, urlsplit(frozen.json_body["url"]).path)
    assert "max-age" in answer.headers["Cache-Control"]
    assert "This statement is genuine" in fake_site.get(answer.headers["Location"]).body.decode()


@pytest.mark.usefixtures("petition")
def test_a_forged_record_proves_nothing(fake_site: FakeSite) -> None:
    code = store_short_code("forged", fake_site.tables)
    assert fake_site.get(fake_site.get(f"/s/{code}").headers["Location"]).status_code == 404


@pytest.mark.parametrize("type_code", [str, str.upper, lambda code: f" {code[:3]}-{code[3:]} "])
def test_a_code_is_found_however_a_person_types_it(tables: FakeTables, type_code: Callable[[str], str]) -> None:
    assert find_statement_token(type_code(store_short_code("token", tables)), tables) == "token"


@pytest.mark.parametrize("code", ["", "222222", "k7mp2", "k7mp2xx", "aaaaaa", "x" * 5_000])
def test_an_unknown_code_is_not_a_statement(tables: FakeTables, code: str) -> None:
    with pytest.raises(NotAStatement):
        find_statement_token(code, tables)


def test_a_taken_code_is_not_given_twice(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    characters = iter("222222" * 2 + "333333")
    monkeypatch.setattr(freeze, "choice", lambda _: next(characters))
    assert [store_short_code(token, tables) for token in ("one", "two")] == ["222222", "333333"]
    assert tables.items[keys.statement("222222")]["token"] == "one"


def test_storing_a_code_fails_after_some_taken_codes(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "choice", lambda _: "2")
    store_short_code("one", tables)
    with pytest.raises(ConditionFailed):
        store_short_code("two", tables)
