"""Which kind of answer a client prefers."""

import pytest

from chalicelib.edge.accept import prefers_html, prefers_json
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
