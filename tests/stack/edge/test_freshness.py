"""How long an answer is served, fresh or stale. Each test names the page of AWS's documentation."""

from typing import Any

import pytest

from stack.edge.message import Unreachable
from tests.stack.edge.scene import DISABLED, SECONDS, Site, an_answer, behaviour, cache_policy, named

HTTP = {name.replace("-", "_"): value for name, value in SECONDS.items()}


def lasts(policy: dict[str, Any], **headers: str) -> int:
    """Return for how many seconds the origin is not asked again."""
    site = Site(pages=cache_policy(**policy))
    site.says["/"] = an_answer(**headers)
    for second in range(200):
        site.now = 1_000_000.0 + second
        site.get("/")
        if len(site.asked) > 1:
            return second
    return 200


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [
        ({}, {"Cache_Control": "max-age=5"}, 5),
        ({}, {"Cache_Control": "max-age=5, s-maxage=9"}, 9),
        ({"most": 7}, {"Cache_Control": "s-maxage=9"}, 7),
        (
            {},
            {"Date": "Thu, 26 Nov 2026 00:00:00 GMT", "Expires": "Thu, 26 Nov 2026 00:00:08 GMT"},
            8,
        ),
        ({}, {"Expires": "0"}, 1),
        ({"usual": 6}, {}, 6),
        ({"usual": 6}, {"Cache_Control": "max-age=5"}, 5),
        ({}, {}, 1),
        ({}, {"Cache_Control": "no-store, max-age=5"}, 1),
        ({}, {"Cache_Control": "no-cache"}, 1),
        ({}, {"Cache_Control": "private, max-age=5"}, 1),
        ({"least": 4, "usual": 4}, {"Cache_Control": "max-age=1"}, 4),
        ({"least": 4, "usual": 4}, {"Cache_Control": "private, no-store"}, 4),
    ],
)
def test_ttl(policy: dict[str, Any], headers: dict[str, str], seconds: int) -> None:
    """*Manage how long content stays in the cache (expiration)*. One second: asked at every visit."""
    assert lasts(policy, **headers) == seconds


def test_a_behaviour_with_caching_disabled_always_asks() -> None:
    """*Use managed cache policies*: CachingDisabled."""
    site = Site(behaviour("/*", CachePolicyId=DISABLED))
    site.says["/"] = an_answer(Cache_Control="max-age=60")
    assert [site.get("/").headers["X-Cache"] for _ in range(2)] == ["Miss from cloudfront"] * 2


def test_a_stale_copy_is_served_at_once_and_refreshed_behind_it() -> None:
    """*Manage how long content stays in the cache*: stale-while-revalidate."""
    site = Site()
    site.says["/"] = an_answer("old", **HTTP)
    site.get("/")
    site.says["/"] = an_answer("new", **HTTP)
    site.now += 34
    assert (site.get("/").body, len(site.asked)) == (b"old", 2)
    assert (site.get("/").body, len(site.asked)) == (b"new", 2)
    site.now += 36
    site.says["/"] = an_answer("newest", **HTTP)
    assert site.get("/").body == b"newest"


def test_after_the_maximum_ttl_nothing_stale_is_left() -> None:
    """*Manage how long content stays in the cache*: the lesser of the directive's value and the maximum TTL."""
    site = Site(pages=cache_policy(most=5))
    site.says["/"] = an_answer("old", **HTTP)
    site.get("/")
    site.now += 6
    site.says["/"] = Unreachable(504)
    assert site.get("/").status == 504


@pytest.mark.parametrize("failure", [Unreachable(502), Unreachable(504), an_answer("", 500), an_answer("", 503)])
def test_a_stale_copy_is_served_while_the_origin_fails(failure: Any) -> None:
    """*Manage how long content stays in the cache*: stale-if-error. *How CloudFront processes HTTP 4xx and 5xx*."""
    site = Site()
    site.says["/"] = an_answer("old", Cache_Control="max-age=5, stale-if-error=60")
    site.get("/")
    site.says["/"] = failure
    site.now += 64
    assert [site.get("/").body for _ in range(3)] == [b"old"] * 3
    assert len(site.asked) == 2, "it rests for the error caching minimum TTL before it asks again"
    site.now += 11
    assert site.get("/").status >= 500


def test_without_directives_a_stale_copy_answers_5xx_but_not_4xx() -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    site = Site()
    site.says["/"] = an_answer("old", Cache_Control="max-age=5")
    site.get("/")
    site.now += 3600
    site.says["/"] = an_answer("", 503)
    assert site.get("/").body == b"old"
    site.now += 11
    site.says["/"] = an_answer("gone", 404)
    assert site.get("/").status == 404


@pytest.mark.parametrize(("said", "is_shown"), [("no-store", True), ("no-store, stale-if-error=0", False)])
def test_an_answer_with_no_store_may_be_served_while_the_origin_is_unreachable(said: str, *, is_shown: bool) -> None:
    """*Manage how long content stays in the cache*: so personal pages need CachingDisabled."""
    site = Site()
    site.says["/"] = an_answer("Alice", Cache_Control=said, ETag='"1"')
    site.get("/")
    site.says["/"] = an_answer("", 503)
    assert site.get("/").status == 503
    site.now += 11
    site.says["/"] = an_answer("Alice", Cache_Control=said, ETag='"1"')
    site.get("/")
    site.says["/"] = Unreachable(502)
    assert (site.get("/").body == b"Alice") is is_shown
    assert "If-None-Match" not in site.last().headers


def test_an_expired_copy_is_validated_and_a_304_makes_it_fresh() -> None:
    """*Request and response behavior for custom origins*: conditional requests."""
    site = Site()
    site.says["/"] = an_answer("page", Cache_Control="max-age=5", ETag='"1"', Last_Modified="yesterday")
    site.get("/")
    site.now += 6
    site.says["/"] = an_answer("", 304, Cache_Control="max-age=9", ETag='"1"')
    answer = site.get("/")
    assert (answer.status, answer.body, answer.headers["X-Cache"]) == (200, b"page", "RefreshHit from cloudfront")
    sent = site.last().headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"1"', "yesterday")
    site.now += 8
    assert site.get("/").headers["X-Cache"] == "Hit from cloudfront"


def test_validators_are_not_sent_where_cookies_are_forwarded() -> None:
    """*Request and response behavior for custom origins*: conditional GETs."""
    site = Site(pages=cache_policy(**named("Cookie", "tab")))
    site.says["/"] = an_answer("page", Cache_Control="max-age=5", ETag='"1"')
    site.get("/")
    site.now += 6
    site.get("/")
    assert "If-None-Match" not in site.last().headers


def test_the_age_of_a_copy_is_shown() -> None:
    """*Understand X-Cache and Age*: as other caches do; AWS's pages do not say it for Age."""
    site = Site()
    site.says["/"] = an_answer(**HTTP)
    assert "Age" not in site.get("/").headers
    site.now += 4
    assert site.get("/").headers["Age"] == "4"
