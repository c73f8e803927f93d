"""Compare the routes of the browser scripts with the API."""

import re
from pathlib import Path

from chalicelib.staff.api import rights_by_route

SOURCES = sorted((Path(__file__).parents[2] / "chalicelib" / "pages").glob("*/*.js"))


def test_every_route_that_the_pages_need_has_a_right() -> None:
    named: set[str] = set()
    for path in SOURCES:
        routes = re.findall(r'"([A-Z]+ /api/[^"]+)"', path.read_text())
        named.update(routes)
    assert "PUT /api/staff/petitions/*" in named
    assert named <= rights_by_route().keys()
