"""Which requests wait for another: *Request and response behavior for custom origins*, simultaneous requests."""

from typing import Any

import pytest

from stack.edge.message import EdgeAnswer
from tests.stack.edge.scene import CACHING_DISABLED, CdnSite, a_request, allow_list, an_answer, behaviour, cache_policy


def request_ten_times(site: CdnSite) -> list[EdgeAnswer]:
    """Let ten viewers request the page at once."""
    requests = [a_request() for _ in range(10)]
    return site.request_together(*requests)


def origin_requests_of_ten(
    cache_control: str = "max-age=5", *behaviours: dict[str, Any], pages_policy: dict[str, Any] | None = None
) -> int:
    """Return how many requests reach the origin if ten viewers request a page at once."""
    site = CdnSite(*behaviours, pages_policy=pages_policy)
    site.origin_answers["/"] = an_answer("page", Cache_Control=cache_control)
    answers = request_ten_times(site)
    assert {answer.body for answer in answers} == {b"page"}
    return len(site.origin_requests)


def test_requests_for_one_key_wait_for_the_first() -> None:
    assert origin_requests_of_ten() == 1


def test_requests_for_other_keys_do_not_wait() -> None:
    site = CdnSite()
    site.origin_answers["/"] = an_answer(Cache_Control="max-age=5")
    site.request_together(a_request("/"), a_request("/?lang=cy"), a_request("/", "HEAD"), a_request("/?lang=cy"))
    assert len(site.origin_requests) == 2


def test_a_stale_copy_is_refreshed_by_one_request() -> None:
    site = CdnSite()
    site.origin_answers["/"] = an_answer("old", Cache_Control="max-age=5, stale-while-revalidate=30")
    site.request("/")
    site.now += 6
    request_ten_times(site)
    assert len(site.origin_requests) == 2


@pytest.mark.parametrize("cache_control", ["no-store", "private", "no-cache", "max-age=0"])
def test_an_answer_for_one_viewer_is_not_given_to_the_others(cache_control: str) -> None:
    assert origin_requests_of_ten(cache_control) == 10


def test_with_a_minimum_ttl_requests_wait_whatever_the_answer_says() -> None:
    assert origin_requests_of_ten("private", pages_policy=cache_policy(min_ttl=1, default_ttl=1)) == 1


def test_with_caching_disabled_no_request_waits() -> None:
    assert origin_requests_of_ten("max-age=5", behaviour("/*", CachePolicyId=CACHING_DISABLED)) == 10


@pytest.mark.parametrize(
    "pages_policy",
    [None, cache_policy(**allow_list("Cookie", "tab"))],
    ids=["in the origin request policy", "in the cache policy"],
)
def test_with_forwarded_cookies_no_request_waits(pages_policy: dict[str, Any] | None) -> None:
    properties = {} if pages_policy else {"OriginRequestPolicyId": {"Ref": "Cookies"}}
    assert origin_requests_of_ten("max-age=5", behaviour("/*", **properties), pages_policy=pages_policy) == 10


def test_errors_that_are_cached_are_shared_and_others_are_not() -> None:
    for status, origin_requests in ((503, 1), (429, 10)):
        site = CdnSite()
        site.origin_answers["/"] = an_answer("", status)
        request_ten_times(site)
        assert len(site.origin_requests) == origin_requests
