"""Which behaviour serves a path and a method. Each test names the page of AWS's documentation."""

import pytest

from stack.edge.matching import normalised
from tests.stack.edge.scene import ALL_METHODS, READ_AND_OPTIONS, CdnSite, an_answer, behaviour


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
def test_a_star_matches_any_characters_and_a_question_mark_matches_one(
    pattern: str, path: str, is_matched: bool
) -> None:
    """*Cache behavior settings*: path pattern."""
    site = CdnSite(behaviour(pattern))
    site.origin_answers[path] = an_answer(Cache_Control="max-age=60")
    site.request(path)
    second_answer = site.request(path)
    hit_or_miss = second_answer.headers["X-Cache"].split()[0]
    assert hit_or_miss == ("Hit" if is_matched else "Miss")


def test_the_first_behaviour_that_matches_wins_and_the_query_does_not_matter() -> None:
    """*Cache behavior settings*: precedence."""
    site = CdnSite(behaviour("/a/*", AllowedMethods=ALL_METHODS), behaviour("/a/b"))
    assert site.request("/a/b?x=/c", "POST").status == 404
    other_order = CdnSite(behaviour("/a/b"), behaviour("/a/*", AllowedMethods=ALL_METHODS))
    assert other_order.request("/a/b", "POST").status == 403


def test_the_origin_gets_the_path_as_it_was_sent() -> None:
    """*Cache behavior settings*: normalisation is for matching only."""
    site = CdnSite()
    site.request("/a//b/../%7Ec")
    assert site.last_origin_request().target == "/site/a//b/../%7Ec"


@pytest.mark.parametrize(
    ("path", "resolved"), [("", "/"), ("/", "/"), ("//", "/"), ("/a/", "/a/"), ("/a/..", "/"), ("/../a/./b/", "/a/b/")]
)
def test_dots_and_double_slashes_are_resolved(path: str, resolved: str) -> None:
    """*Cache behavior settings*."""
    assert normalised(path) == resolved


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [(["GET", "HEAD"], "OPTIONS"), (READ_AND_OPTIONS, "POST"), (ALL_METHODS, "TRACE"), (ALL_METHODS, "PROPFIND")],
)
def test_a_method_that_is_not_allowed_is_403_without_an_allow_header(allowed: list[str], refused: str) -> None:
    """*Cache behavior settings*: allowed HTTP methods."""
    site = CdnSite(behaviour("/*", AllowedMethods=allowed))
    answer = site.request("/", refused)
    assert answer.status == 403
    assert "Allow" not in answer.headers
    assert site.origin_requests == []


def test_a_get_with_a_body_is_403() -> None:
    """*Request and response behavior for custom origins*: GET requests that include a body."""
    assert CdnSite().request("/", "GET", b"x").status == 403


def test_options_is_cached_under_its_own_key_if_the_behaviour_says_so() -> None:
    """*Cache behavior settings*: cached HTTP methods."""
    for cached_methods, forwarded in (
        (READ_AND_OPTIONS, ["GET", "OPTIONS"]),
        (["GET", "HEAD"], ["GET", "OPTIONS", "OPTIONS"]),
    ):
        site = CdnSite(behaviour("/*", AllowedMethods=READ_AND_OPTIONS, CachedMethods=cached_methods))
        site.origin_answers["/"] = an_answer(Cache_Control="max-age=60")
        site.request("/")
        assert [site.request("/", "OPTIONS").status for _ in range(2)] == [200, 200]
        assert [request.method for _, request in site.origin_requests] == forwarded
