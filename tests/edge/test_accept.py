"""The kind of answer that a client prefers: a page, a problem, or CSV with formulas escaped."""

import csv
import io

import pytest

from chalicelib.edge.http import prefers_html, prefers_json
from chalicelib.projections.api import as_csv, wants_csv
from tests.edge.test_http import a_request
from tests.edge.test_site_app import BROWSER_ACCEPT


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER_ACCEPT, True),
        ("text/html", True),
        ("text/html;q=0.5, application/json", False),
        ("application/json;q=0.5, TEXT/HTML", True),
        ("text/html;q=0", False),
        ("text/html;q=x", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_clients_that_prefer_html_get_a_page(accept: str, page: bool) -> None:
    assert prefers_html(accept) is page
    assert not (page and prefers_json(accept))


def test_a_client_that_takes_a_page_as_gladly_as_json_does_not_prefer_json() -> None:
    assert prefers_json("application/json, text/html;q=0.5")
    assert not prefers_json("application/json, text/html")


def csv_rows(rows: list[dict[str, object]], columns: tuple[str, ...] = ("key", "confirmed")) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(rows, columns).body)))


@pytest.mark.parametrize("key", ["-1", "-bbc", "-2+3", "=1+1", "@a", "\t=1"])
def test_formulas_are_escaped(key: str) -> None:
    assert csv_rows([{"key": key, "confirmed": -2}]) == [["key", "confirmed"], [f"'{key}", "-2"]]


def test_a_file_without_rows_has_a_header() -> None:
    assert csv_rows([], ("key", "received")) == [["key", "received"]]


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("application/json;q=0.5, text/csv", True),
        ("text/csv, */*;q=0.1", True),
        ("application/json, text/csv;q=0.1", False),
        ("text/csv;q=0", False),
        ("text/csv-schema", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_the_accept_header_may_ask_for_csv(accept: str, wanted: bool) -> None:
    assert wants_csv(a_request(accept=accept)) is wanted
