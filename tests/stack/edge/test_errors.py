"""Errors: what is cached, error pages, origin groups. Each test names the page of AWS's documentation."""

from typing import Any

import pytest

from stack.edge.message import EdgeAnswer, Unreachable
from tests.stack.edge.scene import BUSY_ORIGIN, CACHING_DISABLED, CdnSite, an_answer, behaviour


def seconds_cached(status: int, cache_control: str, *error_responses: dict[str, Any]) -> int:
    """Return for how many seconds the CDN answers with the error without asking the origin again."""
    site = CdnSite(CustomErrorResponses=[*error_responses])
    site.origin_answers["/"] = an_answer("", status, Cache_Control=cache_control)
    for second in range(40):
        site.now = 1_000_000.0 + second
        site.request("/")
        if len(site.origin_requests) > 1:
            return second
    return 40


@pytest.mark.parametrize("status", [404, 414, 500, 501, 502, 503, 504])
def test_404_414_and_500_to_504_are_cached_for_ten_seconds(status: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert seconds_cached(status, "") == 10
    assert seconds_cached(status, "max-age=20") == 20


@pytest.mark.parametrize("status", [400, 403, 405, 412, 415])
def test_400_403_405_412_and_415_are_cached_only_with_a_max_age(status: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert (seconds_cached(status, ""), seconds_cached(status, "max-age=20")) == (1, 20)


@pytest.mark.parametrize("status", [409, 422, 429])
def test_409_422_and_429_are_never_cached(status: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert seconds_cached(status, "max-age=20") == 1


@pytest.mark.parametrize(("status", "seconds"), [(404, 1), (410, 1), (414, 1), (501, 1), (500, 10), (503, 10)])
def test_no_store_is_obeyed_for_404_410_414_and_501_but_not_for_500_and_503(status: int, seconds: int) -> None:
    """*How CloudFront processes HTTP 4xx and 5xx status codes from your origin*."""
    assert seconds_cached(status, "no-store") == seconds


def test_a_custom_error_response_shortens_the_time_for_which_an_error_is_cached() -> None:
    """*Control how long CloudFront caches errors*."""
    assert seconds_cached(503, "no-store", {"ErrorCode": 503, "ErrorCachingMinTTL": 0}) == 1
    assert seconds_cached(503, "no-store", {"ErrorCode": 503, "ErrorCachingMinTTL": 2}) == 2


def test_errors_are_not_cached_where_caching_is_disabled() -> None:
    """*Use managed cache policies*: CachingDisabled."""
    site = CdnSite(behaviour("/*", CachePolicyId=CACHING_DISABLED))
    site.origin_answers["/"] = an_answer("", 503)
    site.request("/")
    site.request("/")
    assert len(site.origin_requests) == 2


ERROR_PAGE = {"ErrorCode": 503, "ResponseCode": 503, "ResponsePagePath": "/busy.html", "ErrorCachingMinTTL": 0}


def a_site_with_an_error_page(**properties: Any) -> CdnSite:
    site = CdnSite(
        behaviour("/busy.html", TargetOriginId="busy"),
        behaviour("/*"),
        CustomErrorResponses=[{**ERROR_PAGE, **properties}],
    )
    site.origin_answers["busy:/busy.html"] = an_answer("Busy", Cache_Control="max-age=60")
    site.origin_answers["/"] = an_answer("{}", 503)
    return site


def test_an_error_page_is_read_through_the_behaviour_of_its_path() -> None:
    """*Generate custom error responses*."""
    site = a_site_with_an_error_page()
    answer = site.request("/")
    assert (answer.status, answer.body, answer.headers["X-Cache"]) == (503, b"Busy", "Error from cloudfront")
    site.request("/")
    assert [name for name, _ in site.origin_requests] == ["api", "busy", "api"], "the page is cached by its own headers"
    assert a_site_with_an_error_page(ResponseCode=200).request("/").status == 200


def test_an_error_page_also_replaces_json_and_answers_to_a_post() -> None:
    """*Generate custom error responses*: an error page is for the whole distribution."""
    site = a_site_with_an_error_page()
    site.origin_answers["/api"] = an_answer("{}", 503, Content_Type="application/problem+json")
    assert site.request("/api").body == b"Busy"


def test_without_the_error_page_the_viewer_gets_the_origins_error() -> None:
    """*Generate custom error responses*: the page cannot be read."""
    site = a_site_with_an_error_page()
    del site.origin_answers["busy:/busy.html"]
    assert (site.request("/").status, site.request("/").body) == (503, b"{}")


def test_a_stale_copy_comes_before_the_error_page() -> None:
    """*Manage how long content stays in the cache*: stale-if-error."""
    site = a_site_with_an_error_page()
    site.origin_answers["/"] = an_answer("page", Cache_Control="max-age=5, stale-if-error=60")
    site.request("/")
    site.now += 10
    site.origin_answers["/"] = an_answer("{}", 503)
    assert site.request("/").body == b"page"


def a_site_with_failover(*statuses: int) -> CdnSite:
    members = {"Quantity": 2, "Items": [{"OriginId": "api"}, {"OriginId": "busy"}]}
    criteria = {"StatusCodes": {"Quantity": len(statuses), "Items": [*statuses]}}
    group = {"Id": "either", "FailoverCriteria": criteria, "Members": members}
    site = CdnSite(behaviour("/*", TargetOriginId="either"), OriginGroups={"Quantity": 1, "Items": [group]})
    site.origin_answers["busy:/a"] = an_answer("Busy", Cache_Control="max-age=3")
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
    site = a_site_with_failover(*statuses)
    site.origin_answers["api:/a"] = failure
    assert (site.request("/a").body == b"Busy") is is_second
    assert site.last_origin_request().target == ("/a" if is_second else "/site/a")


def test_the_second_origins_answer_is_cached_by_its_own_headers() -> None:
    """*Optimize high availability with CloudFront origin failover*: a busy page with 200 is cached as the page."""
    site = a_site_with_failover(503)
    site.origin_answers["api:/a"] = an_answer("", 503)
    site.request("/a")
    site.origin_answers["api:/a"] = an_answer("page", Cache_Control="max-age=5")
    assert site.request("/a").body == b"Busy"
    site.now += 4
    assert site.request("/a").body == b"page"


def test_only_the_origin_with_an_s3_config_is_a_bucket() -> None:
    """The front learns from the template which origin is a bucket."""
    assert BUSY_ORIGIN["S3OriginConfig"] == {}
    origins = CdnSite().edge._distribution.origins
    assert (origins["busy"].is_bucket, origins["api"].is_bucket) == (True, False)
    assert origins["api"].domain.endswith(".execute-api.eu-west-2.amazonaws.com")
