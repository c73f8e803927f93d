"""How long an answer is served, fresh or stale. Each test names the page of AWS's documentation."""

from typing import Any

import pytest

from stack.edge.message import Unreachable
from tests.stack.edge.scene import CACHING_DISABLED, CdnSite, allow_list, an_answer, behaviour, cache_policy

STALE_LATER = {"Cache_Control": "max-age=5, stale-while-revalidate=30, stale-if-error=60"}


def seconds_cached(policy: dict[str, Any], **headers: str) -> int:
    """Return for how many seconds the CDN answers without asking the origin again."""
    site = CdnSite(pages_policy=cache_policy(**policy))
    site.origin_answers["/"] = an_answer(**headers)
    for second in range(200):
        site.now = 1_000_000.0 + second
        site.request("/")
        if len(site.origin_requests) > 1:
            return second
    return 200


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [
        ({}, {"Cache_Control": "max-age=5"}, 5),
        ({}, {"Cache_Control": "max-age=5, s-maxage=9"}, 9),
        ({"max_ttl": 7}, {"Cache_Control": "s-maxage=9"}, 7),
        (
            {},
            {"Date": "Thu, 26 Nov 2026 00:00:00 GMT", "Expires": "Thu, 26 Nov 2026 00:00:08 GMT"},
            8,
        ),
        ({}, {"Expires": "0"}, 1),
        ({"default_ttl": 6}, {}, 6),
        ({"default_ttl": 6}, {"Cache_Control": "max-age=5"}, 5),
        ({}, {}, 1),
        ({}, {"Cache_Control": "no-store, max-age=5"}, 1),
        ({}, {"Cache_Control": "no-cache"}, 1),
        ({}, {"Cache_Control": "private, max-age=5"}, 1),
        ({"min_ttl": 4, "default_ttl": 4}, {"Cache_Control": "max-age=1"}, 4),
        ({"min_ttl": 4, "default_ttl": 4}, {"Cache_Control": "private, no-store"}, 4),
    ],
)
def test_the_answers_headers_and_the_policy_decide_how_long_a_copy_is_served(
    policy: dict[str, Any], headers: dict[str, str], seconds: int
) -> None:
    """*Manage how long content stays in the cache (expiration)*. With 1, every request asks the origin."""
    assert seconds_cached(policy, **headers) == seconds


def test_a_behaviour_with_caching_disabled_always_asks_the_origin() -> None:
    """*Use managed cache policies*: CachingDisabled."""
    site = CdnSite(behaviour("/*", CachePolicyId=CACHING_DISABLED))
    site.origin_answers["/"] = an_answer(Cache_Control="max-age=60")
    assert [site.request("/").headers["X-Cache"] for _ in range(2)] == ["Miss from cloudfront"] * 2


def test_a_stale_copy_is_served_at_once_and_refreshed_in_the_background() -> None:
    """*Manage how long content stays in the cache*: stale-while-revalidate."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer("old", **STALE_LATER)
    site.request("/")
    site.origin_answers["/"] = an_answer("new", **STALE_LATER)
    site.now += 34
    assert (site.request("/").body, len(site.origin_requests)) == (b"old", 2)
    assert (site.request("/").body, len(site.origin_requests)) == (b"new", 2)
    site.now += 36
    site.origin_answers["/"] = an_answer("newest", **STALE_LATER)
    assert site.request("/").body == b"newest"


def test_after_the_maximum_ttl_no_stale_copy_is_served() -> None:
    """*Manage how long content stays in the cache*: the lesser of the directive's value and the maximum TTL."""
    site = CdnSite(pages_policy=cache_policy(max_ttl=5))
    site.origin_answers["/"] = an_answer("old", **STALE_LATER)
    site.request("/")
    site.now += 6
    site.origin_answers["/"] = Unreachable(504)
    assert site.request("/").status == 504


@pytest.mark.parametrize("failure", [Unreachable(502), Unreachable(504), an_answer("", 500), an_answer("", 503)])
def test_a_stale_copy_is_served_while_the_origin_fails(failure: Any) -> None:
    """*Manage how long content stays in the cache*: stale-if-error. *How CloudFront processes HTTP 4xx and 5xx*."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer("old", Cache_Control="max-age=5, stale-if-error=60")
    site.request("/")
    site.origin_answers["/"] = failure
    site.now += 64
    assert [site.request("/").body for _ in range(3)] == [b"old"] * 3
    assert len(site.origin_requests) == 2, "the CDN asks again after the error caching minimum TTL"
    site.now += 11
    assert site.request("/").status >= 500


def test_without_directives_a_stale_copy_replaces_a_5xx_but_not_a_4xx() -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer("old", Cache_Control="max-age=5")
    site.request("/")
    site.now += 3600
    site.origin_answers["/"] = an_answer("", 503)
    assert site.request("/").body == b"old"
    site.now += 11
    site.origin_answers["/"] = an_answer("gone", 404)
    assert site.request("/").status == 404


@pytest.mark.parametrize(("cache_control", "is_served"), [("no-store", True), ("no-store, stale-if-error=0", False)])
def test_an_answer_with_no_store_may_be_served_while_the_origin_is_unreachable(
    cache_control: str, *, is_served: bool
) -> None:
    """*Manage how long content stays in the cache*: so personal pages need CachingDisabled."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer("Alice", Cache_Control=cache_control, ETag='"1"')
    site.request("/")
    site.origin_answers["/"] = an_answer("", 503)
    assert site.request("/").status == 503
    site.now += 11
    site.origin_answers["/"] = an_answer("Alice", Cache_Control=cache_control, ETag='"1"')
    site.request("/")
    site.origin_answers["/"] = Unreachable(502)
    assert (site.request("/").body == b"Alice") is is_served
    assert "If-None-Match" not in site.last_origin_request().headers


def test_an_expired_copy_is_validated_and_a_304_makes_it_fresh() -> None:
    """*Request and response behavior for custom origins*: conditional requests."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer("page", Cache_Control="max-age=5", ETag='"1"', Last_Modified="yesterday")
    site.request("/")
    site.now += 6
    site.origin_answers["/"] = an_answer("", 304, Cache_Control="max-age=9", ETag='"1"')
    answer = site.request("/")
    assert (answer.status, answer.body, answer.headers["X-Cache"]) == (200, b"page", "RefreshHit from cloudfront")
    sent = site.last_origin_request().headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"1"', "yesterday")
    site.now += 8
    assert site.request("/").headers["X-Cache"] == "Hit from cloudfront"


def test_validators_are_not_sent_where_cookies_are_forwarded() -> None:
    """*Request and response behavior for custom origins*: conditional GETs."""
    site = CdnSite(pages_policy=cache_policy(**allow_list("Cookie", "tab")))
    site.origin_answers["/"] = an_answer("page", Cache_Control="max-age=5", ETag='"1"')
    site.request("/")
    site.now += 6
    site.request("/")
    assert "If-None-Match" not in site.last_origin_request().headers


def test_the_age_of_a_copy_is_shown() -> None:
    """*Understand X-Cache and Age*. Other caches add `Age`. AWS's pages do not say whether CloudFront does."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(**STALE_LATER)
    assert "Age" not in site.request("/").headers
    site.now += 4
    assert site.request("/").headers["Age"] == "4"
