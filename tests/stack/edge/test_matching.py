"""Which behaviour serves a path and a method. Each test names the page of AWS's documentation."""

import pytest

from stack.edge.matching import normalised
from tests.stack.edge.scene import ALL, ASK, Site, an_answer, behaviour


@pytest.mark.parametrize(
    ("pattern", "path", "is_matched"),
    [
        ("/petitions/*", "/petitions/a/b/c", True),
        ("/petitions/*", "/petitions", False),
        ("petitions/*", "/petitions/a", True),
        ("/a?.png", "/ab.png", True),
        ("/a?.png", "/abc.png", False),
        ("/API/*", "/api/x", False),
        ("/api.x", "/apiyx", False),
        ("*.png", "/deep/card.png", True),
        ("/api/*", "//api/../api/./x", True),
    ],
)
def test_a_star_is_any_run_and_a_question_mark_one_character(pattern: str, path: str, is_matched: bool) -> None:
    """*Cache behavior settings*: path pattern."""
    site = Site(behaviour(pattern))
    site.says[path] = an_answer(Cache_Control="max-age=60")
    assert [site.get(path).headers["X-Cache"].split()[0] for _ in range(2)][-1] == ("Hit" if is_matched else "Miss")


def test_the_first_behaviour_that_matches_wins_and_the_query_does_not_matter() -> None:
    """*Cache behavior settings*: precedence."""
    site = Site(behaviour("/a/*", AllowedMethods=ALL), behaviour("/a/b"))
    assert site.get("/a/b?x=/c", "POST").status == 404
    assert Site(behaviour("/a/b"), behaviour("/a/*", AllowedMethods=ALL)).get("/a/b", "POST").status == 403


def test_the_origin_gets_the_path_as_it_was_sent() -> None:
    """*Cache behavior settings*: normalisation is for matching only."""
    site = Site()
    site.get("/a//b/../%7Ec")
    assert site.last().target == "/site/a//b/../%7Ec"


@pytest.mark.parametrize(
    ("path", "plain"), [("", "/"), ("/", "/"), ("//", "/"), ("/a/", "/a/"), ("/a/..", "/"), ("/../a/./b/", "/a/b/")]
)
def test_dots_and_double_slashes_are_resolved(path: str, plain: str) -> None:
    """*Cache behavior settings*."""
    assert normalised(path) == plain


@pytest.mark.parametrize(
    ("allowed", "refused"), [(["GET", "HEAD"], "OPTIONS"), (ASK, "POST"), (ALL, "TRACE"), (ALL, "PROPFIND")]
)
def test_a_method_outside_the_set_is_403_without_allow(allowed: list[str], refused: str) -> None:
    """*Cache behavior settings*: allowed HTTP methods."""
    site = Site(behaviour("/*", AllowedMethods=allowed))
    answer = site.get("/", refused)
    assert (answer.status, "Allow" in answer.headers, site.asked) == (403, False, [])


def test_a_get_with_a_body_is_403() -> None:
    """*Request and response behavior for custom origins*: GET requests that include a body."""
    assert Site().get("/", "GET", b"x").status == 403


def test_options_is_cached_under_its_own_key_if_the_behaviour_says_so() -> None:
    """*Cache behavior settings*: cached HTTP methods."""
    for cached, often in ((ASK, 1), (["GET", "HEAD"], 2)):
        site = Site(behaviour("/*", AllowedMethods=ASK, CachedMethods=cached))
        site.says["/"] = an_answer(Cache_Control="max-age=60")
        site.get("/")
        assert [site.get("/", "OPTIONS").status for _ in range(2)] == [200, 200]
        assert [request.method for _, request in site.asked] == ["GET", *["OPTIONS"] * often]
