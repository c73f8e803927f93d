"""Who waits for whose request: *Request and response behavior for custom origins*, simultaneous requests."""

from typing import Any

import pytest

from tests.stack.edge.scene import DISABLED, Site, a_request, an_answer, behaviour, cache_policy, named


def asked_by_ten(said: str = "max-age=5", *behaviours: dict[str, Any], pages: dict[str, Any] | None = None) -> int:
    """Return how many requests reach the origin if ten viewers ask at once."""
    site = Site(*behaviours, pages=pages)
    site.says["/"] = an_answer("page", Cache_Control=said)
    assert {each.body for each in site.together(*[a_request() for _ in range(10)])} == {b"page"}
    return len(site.asked)


def test_requests_for_the_same_key_wait_for_one() -> None:
    assert asked_by_ten() == 1


def test_other_keys_do_not_wait() -> None:
    site = Site()
    site.says["/"] = an_answer(Cache_Control="max-age=5")
    site.together(a_request("/"), a_request("/?lang=cy"), a_request("/", "HEAD"), a_request("/?lang=cy"))
    assert len(site.asked) == 2


def test_a_stale_copy_is_refreshed_by_one_request() -> None:
    site = Site()
    site.says["/"] = an_answer("old", Cache_Control="max-age=5, stale-while-revalidate=30")
    site.get("/")
    site.now += 6
    site.together(*[a_request() for _ in range(10)])
    assert len(site.asked) == 2


@pytest.mark.parametrize("said", ["no-store", "private", "no-cache", "max-age=0"])
def test_an_answer_for_one_viewer_is_not_given_to_the_others(said: str) -> None:
    assert asked_by_ten(said) == 10


def test_with_a_minimum_ttl_they_wait_whatever_the_answer_says() -> None:
    assert asked_by_ten("private", pages=cache_policy(least=1, usual=1)) == 1


def test_with_caching_disabled_nobody_waits() -> None:
    assert asked_by_ten("max-age=5", behaviour("/*", CachePolicyId=DISABLED)) == 10


@pytest.mark.parametrize(
    "pages",
    [None, cache_policy(**named("Cookie", "tab"))],
    ids=["in the origin request policy", "in the cache policy"],
)
def test_with_forwarded_cookies_nobody_waits(pages: dict[str, Any] | None) -> None:
    more = {} if pages else {"OriginRequestPolicyId": {"Ref": "Cookies"}}
    assert asked_by_ten("max-age=5", behaviour("/*", **more), pages=pages) == 10


def test_errors_that_are_cached_are_shared_and_others_are_not() -> None:
    for status, often in ((503, 1), (429, 10)):
        site = Site()
        site.says["/"] = an_answer("", status)
        site.together(*[a_request() for _ in range(10)])
        assert len(site.asked) == often
