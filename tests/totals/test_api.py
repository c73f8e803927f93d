"""Routes of the total: Bob enters figures, anyone reads the total."""

import json
import re

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from chalicelib.statements.freeze import freeze, statement_token
from tests.actors import DAY, NOW, TOKEN_KEYS, bobs_token, confirmed
from tests.fake_site import JSON, FakeSite

FIGURES_URL, TOTAL_URL = "/api/staff/petitions/safe-children/figures", "/api/petitions/safe-children/total"
PAPER = {
    "source": "paper-leeds",
    "kind": "paper",
    "count": 412,
    "as_of": "2026-11-20T12:00:00Z",
    "evidence": "Sheets 1 to 21, counted twice",
}


def enter_figure(fake_site: FakeSite, path: str = FIGURES_URL, **changes: object) -> HTTPResponse:
    token = bobs_token(fake_site.tables, NOW, Right.MANAGE)
    return fake_site.post(path, json.dumps(PAPER | changes).encode(), JSON, authorization=f"Bearer {token}")


def test_the_total_includes_figures_that_staff_entered(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    answer = enter_figure(fake_site)
    assert (answer.status_code, answer.json_body) == (
        201,
        PAPER | {"entered_at": "2026-11-24T12:00:00Z"},
    )
    fake_site.clock.forward(DAY)
    read = fake_site.get(TOTAL_URL)
    assert read.json_body == {
        "confirmed": 1,
        "elsewhere": [PAPER],
        "at_least": 412,
        "at_most": 413,
        "removed": [],
        "as_of": "2026-11-25T12:00:00Z",
        "sentence": "Exactly 1 person confirmed here; 412 elsewhere; together at least 412 and at most 413 people.",
    }
    assert read.headers["Access-Control-Allow-Origin"] == "*"
    assert read.headers["Cache-Control"].startswith("public, max-age=5,")


def test_a_correction_is_another_figure_and_overwrites_nothing(fake_site: FakeSite, petition: Petition) -> None:
    enter_figure(fake_site)
    enter_figure(fake_site, count=410, as_of="2026-11-21T12:00:00Z", evidence="Two people had signed twice")
    assert [figure.count for figure in petition_as_stored(petition.slug, fake_site.tables).figures] == [412, 410]
    assert [each["count"] for each in fake_site.get(TOTAL_URL).json_body["elsewhere"]] == [410]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("as_of", "2026-11-24T12:00:01Z", "Enter a time that is not in the future"),
        ("kind", "guess", "Use partner or paper"),
        ("count", -1, "Enter a whole number, 0 or more"),
        ("count", 1.5, "Enter a whole number, 0 or more"),
        ("source", "Freedom United", "Use up to 40 lower-case letters, digits and dashes"),
        ("evidence", " ", "Say where the number comes from, in up to 500 characters"),
        ("names", [], "There is no such field"),
    ],
)
def test_a_wrong_figure_is_refused_with_the_field(
    fake_site: FakeSite, petition: Petition, field: str, value: object, message: str
) -> None:
    answer = enter_figure(fake_site, FIGURES_URL, **{field: value})
    assert answer.status_code == 422
    assert answer.json_body["errors"] == [{"field": field, "message": message}]
    assert not petition_as_stored(petition.slug, fake_site.tables).figures


def test_the_page_and_a_statement_show_the_total(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    sentence = "Exactly 1 person confirmed here; 412 elsewhere; together at least 412 and at most 413 people."
    assert "elsewhere" not in fake_site.get("/petitions/safe-children").body.decode()
    enter_figure(fake_site)
    forget_all()
    fake_site.clock.forward(DAY)
    statement = freeze(petition_as_stored(petition.slug, fake_site.tables), fake_site.clock(), fake_site.tables)
    for url in ("/petitions/safe-children", f"/statements/{statement_token(statement, TOKEN_KEYS)}"):
        page = fake_site.get(url).body.decode()
        assert sentence in page
        assert re.search(r"At least <strong[^>]*>412</strong> people have signed", page)
    counter = fake_site.get("/embed/safe-children/counter").body.decode()
    assert 'value="412"' in counter


def test_if_both_bounds_are_the_same_the_page_says_exactly(fake_site: FakeSite) -> None:
    """As the sentence of the API does: nobody has confirmed here yet."""
    enter_figure(fake_site)
    forget_all()
    api = fake_site.get("/api/petitions/safe-children/total").json_body["sentence"]
    assert api == "Exactly 0 people confirmed here; 412 elsewhere; together exactly 412 people."
    assert api in fake_site.get("/petitions/safe-children").body.decode()
    assert "gyda’i gilydd union 412 o bobl" in fake_site.get("/petitions/safe-children?lang=cy").body.decode()


def test_the_activity_log_says_who_entered_which_figure(fake_site: FakeSite, petition: Petition) -> None:
    enter_figure(fake_site)
    [entry] = entries(NOW - DAY, NOW + DAY, fake_site.tables)
    assert (entry.action.name, entry.action.subject) == ("figure.entered", "safe-children")
    assert entry.action.details == {
        "source": "paper-leeds",
        "kind": "paper",
        "count": "412",
        "as_of": "2026-11-20T12:00:00Z",
    }
