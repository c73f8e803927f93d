"""The answers are cached for as long as their routes state."""

import re
from dataclasses import replace

import pytest
from chalice.app import MultiDict

from chalicelib.edge.route import Cache
from chalicelib.edge.routes import all_routes
from tests.fake_site import FakeSite
from tests.openapi.cases import Case
from tests.openapi.test_answers import REQUESTS, send

ROUTES = {(route.method, route.path): route for route in all_routes().values()}
READS = [case for case in REQUESTS if case.method == "GET" and case.status in (200, 302, 304)]
CACHED_READS = [case for case in READS if ROUTES["GET", case.route].cache is not Cache.NEVER and case.status != 304]
UNCACHED = "no-store|private, no-cache"


@pytest.mark.parametrize("case", READS, ids=str)
def test_an_answer_is_cached_for_as_long_as_its_route_states(case: Case, site: FakeSite) -> None:
    """What changes is shown a little longer while it is refreshed, and for a day while the site fails."""
    control, cache = send(case, site).headers["Cache-Control"], ROUTES["GET", case.route].cache
    seconds = 0
    if not re.fullmatch(UNCACHED, control):
        found = re.match(r"public, max-age=(\d+)", control)
        assert found
        seconds = int(found[1])
    assert next(each for each in Cache if seconds <= each.value) is cache
    if cache is Cache.SECONDS:
        assert control == f"public, max-age={seconds}, stale-while-revalidate={seconds // 5}, stale-if-error=86400"


@pytest.mark.parametrize("case", [case for case in REQUESTS if case.method not in ("GET", "OPTIONS")], ids=str)
def test_no_answer_to_a_write_may_be_cached(case: Case, site: FakeSite) -> None:
    assert re.fullmatch(UNCACHED, send(case, site).headers["Cache-Control"])


@pytest.mark.parametrize("case", CACHED_READS, ids=str)
def test_a_cached_answer_depends_on_the_listed_keys_of_the_query_only(
    case: Case, site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CDN drops all other keys, so a view behind a CDN would never get a key that is not listed."""
    read: set[str] = set()

    def record(values: MultiDict, name: str) -> object:
        read.add(name)
        return values._dict[name][-1]

    monkeypatch.setattr(MultiDict, "__getitem__", record)
    url = f"{case.url}{'&' if '?' in case.url else '?'}unlisted=1"
    assert send(replace(case, url=url), site).status_code == case.status
    # Code that copies the whole query into links or redirects reads this key.
    assert read - {"unlisted"} <= {*ROUTES["GET", case.route].query}
