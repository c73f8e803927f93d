"""What CloudFront changes in an answer. Each test names the page of AWS's documentation."""

import gzip

import brotli
import pytest

from tests.stack.edge.scene import Site, an_answer, behaviour, cache_policy, named

LONG = "The river is not safe. " * 100
KEPT = {"Cache_Control": "max-age=60"}


def test_a_page_is_compressed_as_the_viewer_accepts_and_kept_so() -> None:
    """*Serve compressed files*."""
    site = Site()
    site.says["/"] = an_answer(LONG, ETag='"1"', **KEPT)
    for _ in range(2):
        answer = site.get("/", Accept_Encoding="gzip, br")
        assert (answer.headers["Content-Encoding"], brotli.decompress(answer.body).decode()) == ("br", LONG)
        assert (answer.headers["ETag"], answer.headers["Vary"]) == ('W/"1"', "Accept-Encoding")
    zipped = site.get("/", Accept_Encoding="gzip")
    assert (zipped.headers["Content-Encoding"], gzip.decompress(zipped.body).decode()) == ("gzip", LONG)
    assert site.get("/").body.decode() == LONG
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    ("body", "status", "kind", "encoding"),
    [
        (LONG[:999], 200, "text/html", ""),
        (LONG, 404, "text/html", ""),
        (LONG, 500, "text/html", ""),
        (LONG, 200, "application/problem+json", ""),
        (LONG, 200, "application/atom+xml", ""),
        (LONG, 200, "image/png", ""),
        (LONG, 200, "text/html", "x-kept"),
    ],
)
def test_what_is_not_compressed(body: str, status: int, kind: str, encoding: str) -> None:
    """*Serve compressed files*: size, status, type, and what is compressed already."""
    site = Site()
    headers = {"Content_Type": kind, **({"Content_Encoding": encoding} if encoding else {})}
    site.says["/"] = an_answer(body, status, **headers)
    answer = site.get("/", Accept_Encoding="br")
    is_compressed = answer.headers.get("Content-Encoding", "") == "br"
    assert is_compressed is (status == 404)


def test_nothing_is_compressed_without_the_policys_flags_or_the_behaviours_switch() -> None:
    """*Serve compressed files*."""
    flags = {"EnableAcceptEncodingGzip": False, "EnableAcceptEncodingBrotli": False}
    for site in (Site(pages=cache_policy(**flags)), Site(behaviour("/*", Compress=False))):
        site.says["/"] = an_answer(LONG, **KEPT)
        assert "Content-Encoding" not in site.get("/", Accept_Encoding="br").headers


def test_vary_never_keys_and_names_that_are_not_forwarded_are_dropped() -> None:
    """*Request and response behavior for custom origins*: Vary."""
    site = Site(pages=cache_policy(**named("Header", "Accept")))
    site.says["/"] = an_answer(Vary="Accept, Origin, Accept-Encoding, Cookie, X-Other", **KEPT)
    assert site.get("/", Accept="a").headers["Vary"] == "Accept, Accept-Encoding, Cookie"
    assert site.get("/", Accept="a", Origin="https://b.example").headers["X-Cache"].startswith("Hit")


def test_set_cookie_is_removed_unless_cookies_are_forwarded() -> None:
    """*Cache content based on cookies*."""
    for pages, is_kept in ((cache_policy(), False), (cache_policy(**named("Cookie", "tab")), True)):
        site = Site(pages=pages)
        site.says["/"] = an_answer(Set_Cookie="tab=1", **KEPT)
        assert [("Set-Cookie" in site.get("/").headers) for _ in range(2)] == [is_kept] * 2


@pytest.mark.parametrize(
    ("asked", "is_known"),
    [('"1"', True), ('W/"1"', True), ('"0", "1"', True), ("*", True), ('"2"', False)],
)
def test_a_viewer_that_knows_the_copy_gets_304(asked: str, *, is_known: bool) -> None:
    """As other caches do: AWS's pages do not say it. Tags are compared weakly (RFC 9110, 13.1.2)."""
    site = Site()
    site.says["/"] = an_answer(LONG, ETag='"1"', **KEPT)
    for _ in range(2):
        answer = site.get("/", If_None_Match=asked, Accept_Encoding="gzip")
        assert answer.status == (304 if is_known else 200)
        assert (answer.body == b"") is is_known
        assert answer.headers["ETag"] == 'W/"1"'
    assert "If-None-Match" not in site.last().headers


def test_a_date_is_compared_only_without_a_tag() -> None:
    """RFC 9110, 13.1.3."""
    site = Site()
    site.says["/"] = an_answer(ETag='"1"', Last_Modified="Thu, 26 Nov 2026 00:00:00 GMT", **KEPT)
    for since, status in (("Thu, 26 Nov 2026 00:00:00 GMT", 304), ("Wed, 25 Nov 2026 00:00:00 GMT", 200), ("x", 200)):
        assert site.get("/", If_Modified_Since=since).status == status
    assert site.get("/", If_None_Match='"2"', If_Modified_Since="Thu, 26 Nov 2026 00:00:00 GMT").status == 200


@pytest.mark.parametrize(
    ("asked", "status", "body", "span"),
    [
        ("bytes=0-3", 206, "The ", "bytes 0-3/23"),
        ("bytes=18-", 206, "safe.", "bytes 18-22/23"),
        ("bytes=-5", 206, "safe.", "bytes 18-22/23"),
        ("bytes=20-90", 206, "fe.", "bytes 20-22/23"),
        ("bytes=23-", 416, "", "bytes */23"),
        ("bytes=5-2", 200, LONG[:22] + ".", None),
        ("bytes=0-1,4-5", 200, LONG[:22] + ".", None),
    ],
)
def test_a_range_of_a_copy(asked: str, status: int, body: str, span: str | None) -> None:
    """*How CloudFront processes partial requests for an object (range GETs)*: one range; else everything."""
    site = Site()
    site.says["/"] = an_answer(LONG[:22] + ".", **KEPT)
    answer = site.get("/", Range=asked)
    assert (answer.status, answer.headers.get("Content-Range")) == (status, span)
    assert len(answer.body) == len(body)
    assert "Range" not in site.last().headers


def test_hop_by_hop_headers_end_here() -> None:
    """*Request and response behavior for custom origins*: HTTP response headers that CloudFront removes."""
    site = Site()
    site.says["/"] = an_answer(Connection="close", Transfer_Encoding="chunked", Content_Length="9", X_Kept="1", **KEPT)
    headers = site.get("/").headers
    assert not {"Connection", "Transfer-Encoding", "Content-Length"} & {*headers}
    assert (headers["X-Kept"], headers["Via"]) == ("1", "1.1 local.cloudfront.net (CloudFront)")
