"""Bob freezes the number, the press checks it, and Charlie's better number is refused."""

from urllib.parse import urlsplit

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Throttled
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from tests.actors import BOB, DAY, NOW, SITE, a_published_petition, bobs_token, confirmed
from tests.served import Served

STATEMENTS = "/api/staff/petitions/safe-children/statements"


def frozen(served: Served, path: str = STATEMENTS) -> HTTPResponse:
    return served.post(path, b"", "application/json", authorization=f"Bearer {bobs_token(served.tables)}")


@pytest.fixture
def one(served: Served, petition: Petition) -> Served:
    confirmed(served.tables, petition)
    return served


def test_freezing_answers_with_the_number_and_where_to_check_it(one: Served, petition: Petition) -> None:
    answer = frozen(one)
    assert answer.status_code == 201
    assert answer.json_body["statement"] == {
        "slug": "safe-children",
        "title": petition.title,
        "charity": petition.charity,
        "text_version": petition.text_version,
        "confirmed": 1,
        "as_of": "2026-11-24T12:00:00Z",
    }
    assert answer.json_body["url"] == answer.headers["Location"]
    assert answer.json_body["url"].startswith(f"{SITE}/statements/")


def test_anybody_may_check_it_later_whatever_the_petition_has_become(one: Served, petition: Petition) -> None:
    told = frozen(one).json_body
    confirmed(one.tables, petition, BOB)
    a_published_petition(one.tables, title="Another title")
    one.clock.forward(400 * DAY)
    path = urlsplit(told["url"]).path
    checked = one.get(f"/api{path}")
    assert checked.json_body == told
    assert checked.headers["Access-Control-Allow-Origin"] == "*"
    page = one.get(path).body.decode()
    assert "This statement is genuine" in page
    assert "Keep trafficked children safe" in page
    assert "Tuesday 24 November 2026 at 12:00:00 UTC" in page
    assert "<strong>1</strong> confirmed signature<" in page
    assert told["url"] in page


@pytest.mark.parametrize("spoil", [lambda url: url[:-1], lambda url: url.replace(".", "x."), lambda _: "/statements/x"])
def test_what_was_tampered_with_is_not_a_statement_of_this_site(one: Served, spoil: object) -> None:
    path = spoil(urlsplit(frozen(one).json_body["url"]).path)  # type: ignore[operator]
    page, problem = one.get(path), one.get(f"/api{path}")
    assert (page.status_code, problem.status_code) == (404, 404)
    assert "This is not a statement of this site" in page.body.decode()
    assert "genuine" not in page.body.decode()
    assert problem.json_body["detail"].startswith("This is not a statement of this site")
    assert page.headers["Cache-Control"] == problem.headers["Cache-Control"] == "no-store"


def test_the_trail_says_who_froze_which_number_when(one: Served) -> None:
    frozen(one)
    [entry] = entries(NOW - DAY, NOW + DAY, one.tables)
    assert (entry.actor.owner, entry.action.name, entry.action.subject) == (
        "bob",
        "statement.frozen",
        "safe-children",
    )
    assert entry.action.details == {"confirmed": "1", "as_of": "2026-11-24T12:00:00Z"}


def test_what_cannot_be_written_down_is_not_signed(one: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def throttled(*_: object) -> None:
        raise Throttled

    asked = bobs_token(one.tables)
    monkeypatch.setattr(one.tables, "put_new", throttled)
    answer = one.post(STATEMENTS, b"", "application/json", authorization=f"Bearer {asked}")
    assert answer.status_code == 503
    assert "url" not in answer.json_body


def test_there_is_no_statement_of_no_petition(served: Served) -> None:
    assert frozen(served, "/api/staff/petitions/nobody/statements").status_code == 404


def test_a_statement_is_checked_while_no_table_answers(one: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    path = urlsplit(frozen(one).json_body["url"]).path
    for name in ("get", "query", "batch_get"):
        monkeypatch.setattr(one.tables, name, None)
    assert one.get(path).status_code == 200
