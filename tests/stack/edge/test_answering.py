"""What CloudFront changes in an answer. Each test names the page of AWS's documentation."""

import gzip

import brotli
import pytest

from tests.stack.edge.scene import CdnSite, allow_list, an_answer, behaviour, cache_policy

LONG_TEXT = "The river is not safe. " * 100
MAX_AGE = {"Cache_Control": "max-age=60"}


def test_a_page_is_compressed_as_the_viewer_accepts_and_cached_so() -> None:
    """*Serve compressed files*."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(LONG_TEXT, ETag='"1"', **MAX_AGE)
    for _ in range(2):
        answer = site.request("/", Accept_Encoding="gzip, br")
        assert (answer.headers["Content-Encoding"], brotli.decompress(answer.body).decode()) == ("br", LONG_TEXT)
        assert (answer.headers["ETag"], answer.headers["Vary"]) == ('W/"1"', "Accept-Encoding")
    zipped = site.request("/", Accept_Encoding="gzip")
    assert (zipped.headers["Content-Encoding"], gzip.decompress(zipped.body).decode()) == ("gzip", LONG_TEXT)
    assert site.request("/").body.decode() == LONG_TEXT
    assert len(site.origin_requests) == 3


@pytest.mark.parametrize(
    ("body", "status", "kind", "encoding"),
    [
        (LONG_TEXT[:999], 200, "text/html", ""),
        (LONG_TEXT, 404, "text/html", ""),
        (LONG_TEXT, 500, "text/html", ""),
        (LONG_TEXT, 200, "application/problem+json", ""),
        (LONG_TEXT, 200, "application/atom+xml", ""),
        (LONG_TEXT, 200, "image/png", ""),
        (LONG_TEXT, 200, "text/html", "x-kept"),
    ],
)
def test_size_status_and_type_decide_whether_an_answer_is_compressed(
    body: str, status: int, kind: str, encoding: str
) -> None:
    """*Serve compressed files*: size, status, type, and whether the origin has compressed it."""
    site = CdnSite()
    headers = {"Content_Type": kind}
    if encoding:
        headers["Content_Encoding"] = encoding
    site.origin_answers["/"] = an_answer(body, status, **headers)
    answer = site.request("/", Accept_Encoding="br")
    is_compressed = answer.headers.get("Content-Encoding", "") == "br"
    assert is_compressed is (status == 404)


def test_nothing_is_compressed_without_the_policys_flags_or_the_behaviours_switch() -> None:
    """*Serve compressed files*."""
    without_flags = cache_policy(EnableAcceptEncodingGzip=False, EnableAcceptEncodingBrotli=False)
    without_switch = behaviour("/*", Compress=False)
    for site in (CdnSite(pages_policy=without_flags), CdnSite(without_switch)):
        site.origin_answers["/"] = an_answer(LONG_TEXT, **MAX_AGE)
        assert "Content-Encoding" not in site.request("/", Accept_Encoding="br").headers


def test_vary_does_not_change_the_key_and_loses_names_that_are_not_forwarded() -> None:
    """*Request and response behavior for custom origins*: Vary."""
    site = CdnSite(pages_policy=cache_policy(**allow_list("Header", "Accept")))
    site.origin_answers["/"] = an_answer(Vary="Accept, Origin, Accept-Encoding, Cookie, X-Other", **MAX_AGE)
    assert site.request("/", Accept="a").headers["Vary"] == "Accept, Accept-Encoding, Cookie"
    assert site.request("/", Accept="a", Origin="https://b.example").headers["X-Cache"].startswith("Hit")


def test_set_cookie_is_removed_unless_cookies_are_forwarded() -> None:
    """*Cache content based on cookies*."""
    with_cookie = cache_policy(**allow_list("Cookie", "tab"))
    for pages_policy, is_kept in ((cache_policy(), False), (with_cookie, True)):
        site = CdnSite(pages_policy=pages_policy)
        site.origin_answers["/"] = an_answer(Set_Cookie="tab=1", **MAX_AGE)
        for _ in range(2):
            assert ("Set-Cookie" in site.request("/").headers) is is_kept


@pytest.mark.parametrize(
    ("if_none_match", "is_known"),
    [('"1"', True), ('W/"1"', True), ('"0", "1"', True), ("*", True), ('"2"', False)],
)
def test_a_viewer_that_knows_the_copy_gets_304(if_none_match: str, *, is_known: bool) -> None:
    """Other caches do so; AWS's pages do not state it. Tags are compared weakly (RFC 9110, 13.1.2)."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(LONG_TEXT, ETag='"1"', **MAX_AGE)
    for _ in range(2):
        answer = site.request("/", If_None_Match=if_none_match, Accept_Encoding="gzip")
        assert answer.status == (304 if is_known else 200)
        assert (answer.body == b"") is is_known
        assert answer.headers["ETag"] == 'W/"1"'
    assert "If-None-Match" not in site.last_origin_request().headers


def test_a_date_is_compared_only_without_a_tag() -> None:
    """RFC 9110, 13.1.3."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(ETag='"1"', Last_Modified="Thu, 26 Nov 2026 00:00:00 GMT", **MAX_AGE)
    for since, status in (("Thu, 26 Nov 2026 00:00:00 GMT", 304), ("Wed, 25 Nov 2026 00:00:00 GMT", 200), ("x", 200)):
        assert site.request("/", If_Modified_Since=since).status == status
    assert site.request("/", If_None_Match='"2"', If_Modified_Since="Thu, 26 Nov 2026 00:00:00 GMT").status == 200


WHOLE = LONG_TEXT[:22] + "."


@pytest.mark.parametrize(
    ("requested", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, WHOLE[:4], "bytes 0-3/23"),
        ("bytes=18-", 206, WHOLE[18:], "bytes 18-22/23"),
        ("bytes=-5", 206, WHOLE[18:], "bytes 18-22/23"),
        ("bytes=20-90", 206, WHOLE[20:], "bytes 20-22/23"),
        ("bytes=23-", 416, None, "bytes */23"),
        ("bytes=5-2", 200, WHOLE, None),
        ("bytes=0-1,4-5", 200, WHOLE, None),
    ],
)
def test_a_request_for_one_range_gets_that_part_of_the_copy(
    requested: str, status: int, body: str | None, content_range: str | None
) -> None:
    """*How CloudFront processes partial requests for an object (range GETs)*. Other requests get the whole copy."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(WHOLE, **MAX_AGE)
    answer = site.request("/", Range=requested)
    assert (answer.status, answer.headers.get("Content-Range")) == (status, content_range)
    if body is not None:
        assert answer.body.decode() == body
    assert "Range" not in site.last_origin_request().headers


def test_hop_by_hop_headers_are_not_passed_on() -> None:
    """*Request and response behavior for custom origins*: HTTP response headers that CloudFront removes."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(
        Connection="close", Transfer_Encoding="chunked", Content_Length="9", X_Kept="1", **MAX_AGE
    )
    headers = site.request("/").headers
    assert not {"Connection", "Transfer-Encoding", "Content-Length"} & {*headers}
    assert (headers["X-Kept"], headers["Via"]) == ("1", "1.1 local.cloudfront.net (CloudFront)")
