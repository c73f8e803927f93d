"""Errors: what is cached, error pages, origin groups. Each test names the page of AWS's documentation."""

from typing import Any

import pytest

from stack.edge.message import EdgeAnswer, Unreachable
from tests.stack.edge.scene import BUSY, DISABLED, Site, an_answer, behaviour


def sticks(status: int, said: str, *errors: dict[str, Any]) -> int:
    """Return for how many seconds an error is answered without asking the origin again."""
    site = Site(CustomErrorResponses=[*errors])
    site.says["/"] = an_answer("", status, Cache_Control=said)
    for second in range(40):
        site.now = 1_000_000.0 + second
        site.get("/")
        if len(site.asked) > 1:
            return second
    return 40


@pytest.mark.parametrize("status", [404, 414, 500, 501, 502, 503, 504])
def test_these_errors_are_cached_for_ten_seconds(status: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert sticks(status, "") == 10
    assert sticks(status, "max-age=20") == 20


@pytest.mark.parametrize("status", [400, 403, 405, 412, 415])
def test_these_errors_are_cached_if_the_origin_says_max_age(status: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert (sticks(status, ""), sticks(status, "max-age=20")) == (1, 20)


@pytest.mark.parametrize("status", [409, 422, 429])
def test_these_errors_are_never_cached(status: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert sticks(status, "max-age=20") == 1


@pytest.mark.parametrize(("status", "seconds"), [(404, 1), (410, 1), (414, 1), (501, 1), (500, 10), (503, 10)])
def test_no_store_does_not_keep_a_503_from_being_cached(status: int, seconds: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert sticks(status, "no-store") == seconds


def test_a_custom_error_response_shortens_it() -> None:
    """*Control how long CloudFront caches errors*."""
    assert sticks(503, "no-store", {"ErrorCode": 503, "ErrorCachingMinTTL": 0}) == 1
    assert sticks(503, "no-store", {"ErrorCode": 503, "ErrorCachingMinTTL": 2}) == 2


def test_errors_are_not_cached_where_caching_is_disabled() -> None:
    """*Use managed cache policies*: CachingDisabled."""
    site = Site(behaviour("/*", CachePolicyId=DISABLED))
    site.says["/"] = an_answer("", 503)
    site.get("/")
    site.get("/")
    assert len(site.asked) == 2


PAGE = {"ErrorCode": 503, "ResponseCode": 503, "ResponsePagePath": "/busy.html", "ErrorCachingMinTTL": 0}


def with_a_page(**more: Any) -> Site:
    site = Site(
        behaviour("/busy.html", TargetOriginId="busy"), behaviour("/*"), CustomErrorResponses=[{**PAGE, **more}]
    )
    site.says["busy:/busy.html"] = an_answer("Busy", Cache_Control="max-age=60")
    site.says["/"] = an_answer("{}", 503)
    return site


def test_an_error_page_is_read_through_the_behaviour_of_its_path() -> None:
    """*Generate custom error responses*."""
    site = with_a_page()
    answer = site.get("/")
    assert (answer.status, answer.body, answer.headers["X-Cache"]) == (503, b"Busy", "Error from cloudfront")
    site.get("/")
    assert [name for name, _ in site.asked] == ["api", "busy", "api"], "the page is cached by its own headers"
    assert with_a_page(ResponseCode=200).get("/").status == 200


def test_an_error_page_also_replaces_json_and_answers_to_a_post() -> None:
    """*Generate custom error responses*: it is for the whole distribution."""
    site = with_a_page()
    site.says["/api"] = an_answer("{}", 503, Content_Type="application/problem+json")
    assert site.get("/api").body == b"Busy"


def test_without_the_error_page_the_viewer_gets_the_origins_error() -> None:
    """*Generate custom error responses*: the page cannot be read."""
    site = with_a_page()
    del site.says["busy:/busy.html"]
    assert (site.get("/").status, site.get("/").body) == (503, b"{}")


def test_a_stale_copy_comes_before_the_error_page() -> None:
    """*Manage how long content stays in the cache*: stale-if-error."""
    site = with_a_page()
    site.says["/"] = an_answer("page", Cache_Control="max-age=5, stale-if-error=60")
    site.get("/")
    site.now += 10
    site.says["/"] = an_answer("{}", 503)
    assert site.get("/").body == b"page"


def grouped(*statuses: int) -> Site:
    members = {"Quantity": 2, "Items": [{"OriginId": "api"}, {"OriginId": "busy"}]}
    criteria = {"StatusCodes": {"Quantity": len(statuses), "Items": [*statuses]}}
    group = {"Id": "either", "FailoverCriteria": criteria, "Members": members}
    site = Site(behaviour("/*", TargetOriginId="either"), OriginGroups={"Quantity": 1, "Items": [group]})
    site.says["busy:/a"] = an_answer("Busy", Cache_Control="max-age=3")
    return site


@pytest.mark.parametrize(
    ("failure", "statuses", "is_second"),
    [
        (an_answer("", 429), (429,), True),
        (an_answer("", 500), (500, 502), True),
        (an_answer("", 404), (500, 502), False),
        (Unreachable(502), (503,), True),
        (Unreachable(502), (504,), False),
        (Unreachable(504), (504,), True),
        (an_answer("fine"), (500,), False),
    ],
)
def test_the_second_origin_is_asked_for_the_same_path(
    failure: EdgeAnswer | Unreachable, statuses: tuple[int, ...], *, is_second: bool
) -> None:
    """*Optimize high availability with CloudFront origin failover*."""
    site = grouped(*statuses)
    site.says["api:/a"] = failure
    assert (site.get("/a").body == b"Busy") is is_second
    assert site.last().target == ("/a" if is_second else "/site/a")


def test_the_second_origins_answer_is_cached_by_its_own_headers() -> None:
    """*Optimize high availability with CloudFront origin failover*: a busy page with 200 may stay as the page."""
    site = grouped(503)
    site.says["api:/a"] = an_answer("", 503)
    site.get("/a")
    site.says["api:/a"] = an_answer("page", Cache_Control="max-age=5")
    assert site.get("/a").body == b"Busy"
    site.now += 4
    assert site.get("/a").body == b"page"


def test_the_bucket_is_no_api() -> None:
    """The template says which origin is a bucket; the front finds it there."""
    assert BUSY["S3OriginConfig"] == {}
    origins = Site().edge._distribution.origins
    assert (origins["busy"].is_bucket, origins["api"].is_bucket) == (True, False)
    assert origins["api"].domain.endswith(".execute-api.eu-west-2.amazonaws.com")
