"""Bob freezes a count. Anyone can check the statement at its long and short address, and a forged one is refused."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from chalice.test import HTTPResponse

from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, NotAStatement
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from chalicelib.statements import freeze
from chalicelib.statements.freeze import find_statement_token, store_short_code
from tests.actors import BOB, DAY, NOW, SITE, a_published_petition, bobs_token, confirmed
from tests.fake_site import FakeSite
from tests.fakes import FakeTables

STATEMENTS = "/api/staff/petitions/safe-children/statements"


def freeze_count(fake_site: FakeSite) -> HTTPResponse:
    return fake_site.post(STATEMENTS, b"", "application/json", authorization=f"Bearer {bobs_token(fake_site.tables)}")


@pytest.fixture
def site_with_alice(fake_site: FakeSite, petition: Petition) -> FakeSite:
    confirmed(fake_site.tables, petition)
    return fake_site


def test_freezing_returns_the_statement_and_its_url(site_with_alice: FakeSite, petition: Petition) -> None:
    answer = freeze_count(site_with_alice)
    assert answer.status_code == 201
    assert answer.json_body["statement"] == {
        "slug": "safe-children",
        "title": petition.title,
        "charity": petition.charity,
        "text_version": petition.text_version,
        "confirmed": 1,
        "as_of": "2026-11-24T12:00:00Z",
        "letters": None,
        "total": None,
        "at_least": None,
        "by_partners": None,
        "removed": None,
    }
    assert answer.json_body["url"] == answer.headers["Location"]
    assert answer.json_body["url"].startswith(f"{SITE}/statements/")


def test_anyone_can_check_a_statement_after_the_petition_changed(site_with_alice: FakeSite, petition: Petition) -> None:
    statement = freeze_count(site_with_alice).json_body
    confirmed(site_with_alice.tables, petition, BOB)
    a_published_petition(site_with_alice.tables, title="Another title")
    site_with_alice.clock.forward(400 * DAY)
    path = urlsplit(statement["url"]).path
    checked = site_with_alice.get(f"/api{path}")
    assert checked.json_body == {name: statement[name] for name in ("url", "statement")}
    assert checked.headers["Access-Control-Allow-Origin"] == "*"
    page = site_with_alice.get(path).body.decode()
    assert "This statement is genuine" in page
    assert "Keep trafficked children safe" in page
    assert "Tuesday 24 November 2026 at 12:00:00 UTC" in page
    assert "<strong>1</strong> confirmed signature<" in page
    assert statement["url"] in page


@pytest.mark.parametrize(
    "change", [lambda url: url[:-1], lambda url: url.replace(".", "x."), lambda _: "/statements/x"]
)
def test_a_tampered_statement_is_404(site_with_alice: FakeSite, change: Callable[[str], str]) -> None:
    path = change(urlsplit(freeze_count(site_with_alice).json_body["url"]).path)
    page, problem = site_with_alice.get(path), site_with_alice.get(f"/api{path}")
    assert (page.status_code, problem.status_code) == (404, 404)
    assert "This is not a statement of this site" in page.body.decode()
    assert "genuine" not in page.body.decode()
    assert problem.json_body["detail"].startswith("This is not a statement of this site")
    assert page.headers["Cache-Control"] == problem.headers["Cache-Control"] == "no-store"


def test_the_short_address_leads_to_the_statement(fake_site: FakeSite) -> None:
    frozen = freeze_count(fake_site)
    url = frozen.json_body["short_url"]
    assert re.fullmatch(rf"{re.escape(SITE)}/s/[{freeze.CHARACTERS}]{{6}}", url)
    answer = fake_site.get(urlsplit(url).path)
    assert (answer.status_code, answer.headers["Location"]) == (302, urlsplit(frozen.json_body["url"]).path)
    assert "max-age" in answer.headers["Cache-Control"]
    assert "This statement is genuine" in fake_site.get(answer.headers["Location"]).body.decode()


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


def test_the_activity_log_shows_who_froze_which_count_and_when(site_with_alice: FakeSite) -> None:
    freeze_count(site_with_alice)
    [entry] = entries(NOW - DAY, NOW + DAY, site_with_alice.tables)
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == (
        "bob",
        "statement.frozen",
        "safe-children",
    )
    assert entry.action.details == {"confirmed": "1", "as_of": "2026-11-24T12:00:00Z"}
