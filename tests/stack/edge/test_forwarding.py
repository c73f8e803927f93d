"""The cache key and what goes to the origin. Each test names the page of AWS's documentation."""

import pytest

from tests.stack.edge.scene import ALL_METHODS, CdnSite, allow_list, an_answer, behaviour, cache_policy

MAX_AGE = {"Cache_Control": "max-age=60"}


def origin_requests_after(site: CdnSite, *targets: str, **headers: str) -> int:
    """Request the targets. Return how many requests have reached the origin since the site began."""
    site.origin_answers["/"] = an_answer(**MAX_AGE)
    for target in targets:
        site.request(target, **headers)
    return len(site.origin_requests)


def test_only_the_listed_query_parameters_are_in_the_key_and_sent() -> None:
    """*Understand cache policies*: query strings."""
    site = CdnSite()
    assert origin_requests_after(site, "/?lang=cy&utm=1", "/?utm=2&lang=cy", "/?lang=cy", "/?Lang=cy&lang=cy") == 1
    assert site.last_origin_request().target == "/site/?lang=cy"
    assert origin_requests_after(site, "/?lang=en") == 2
    assert origin_requests_after(site, "/") == 3


def test_a_listed_header_is_in_the_key_and_sent_and_other_headers_are_not_sent() -> None:
    """*Understand cache policies*: headers."""
    site = CdnSite(pages_policy=cache_policy(**allow_list("Header", "Accept")))
    assert origin_requests_after(site, "/", Accept="text/html", Origin="https://a.example") == 1
    assert origin_requests_after(site, "/", Accept="text/html", Origin="https://b.example") == 1
    assert "Origin" not in site.last_origin_request().headers
    assert origin_requests_after(site, "/", accept="application/json") == 2
    assert site.last_origin_request().headers["Accept"] == "application/json"


def test_head_shares_the_key_of_get() -> None:
    """*Cache behavior settings*: GET and HEAD."""
    site = CdnSite()
    site.origin_answers["/"] = an_answer(**MAX_AGE)
    assert site.request("/", "HEAD").headers["X-Cache"].startswith("Miss")
    assert site.request("/").headers["X-Cache"].startswith("Hit")


@pytest.mark.parametrize(
    ("accepted", "normalised"),
    [("gzip, deflate, br", "br,gzip"), ("br;q=0.5", "br"), ("GZIP", "gzip"), ("zstd", "identity"), ("", "identity")],
)
def test_accept_encoding_is_normalised(accepted: str, normalised: str) -> None:
    """*Serve compressed files*: with both flags, br,gzip or br or gzip."""
    site = CdnSite()
    origin_requests_after(site, "/", Accept_Encoding=accepted)
    assert site.last_origin_request().headers["Accept-Encoding"] == normalised
    assert origin_requests_after(site, "/", Accept_Encoding=f"{accepted}, other") == 1


def test_an_origin_request_policy_sends_headers_that_are_not_in_the_key() -> None:
    """*Understand origin request policies*."""
    site = CdnSite(behaviour("/*", OriginRequestPolicyId={"Ref": "Viewer"}))
    assert origin_requests_after(site, "/", Content_Type="a/b") == 1
    assert origin_requests_after(site, "/", Content_Type="c/d") == 1
    assert site.last_origin_request().headers["Content-Type"] == "a/b"


def test_the_origins_custom_headers_replace_the_viewers() -> None:
    """*Add custom headers to origin requests*."""
    site = CdnSite(behaviour("/x"))
    site.request("/", "POST", X_Forwarded_Prefix="/evil", X_Origin_Verify="guessed")
    sent = site.last_origin_request().headers
    assert (sent.getall("X-Forwarded-Prefix"), sent.getall("X-Origin-Verify")) == (["/"], ["hush"])


def test_the_viewers_address_is_sent_if_the_policy_names_it_and_cannot_be_forged() -> None:
    """*Add CloudFront request headers*, *Request and response behavior for custom origins*: X-Forwarded-For."""
    forged = {"CloudFront_Viewer_Address": "6.6.6.6:1", "X_Forwarded_For": "6.6.6.6", "X_Real_Ip": "6.6.6.6"}
    site = CdnSite(behaviour("/a", OriginRequestPolicyId={"Ref": "Viewer"}))
    site.request("/a", **forged)
    assert site.last_origin_request().headers["CloudFront-Viewer-Address"] == "192.0.2.7:4711"
    site.request("/b", "POST", **forged)
    assert "CloudFront-Viewer-Address" not in site.last_origin_request().headers
    assert site.last_origin_request().headers["X-Forwarded-For"] == "6.6.6.6, 192.0.2.7"
    assert "X-Real-Ip" not in site.last_origin_request().headers


def test_host_and_user_agent_are_replaced() -> None:
    """*Request and response behavior for custom origins*: HTTP request headers."""
    site = CdnSite()
    site.request("/", Host="site.example", User_Agent="Firefox", Referer="https://a.example", Authorization="Bearer x")
    sent = site.last_origin_request().headers
    assert "Host" not in sent
    assert sent["User-Agent"] == "Amazon CloudFront"
    assert not {"Referer", "Authorization"} & {*sent}


def test_the_policy_all_viewer_except_host_header_sends_everything_else() -> None:
    """*Use managed origin request policies*."""
    site = CdnSite(behaviour("/x"))
    site.request("/a?b=c&d", "POST", b"body", Authorization="Bearer x", Cookie="a=1", Content_Type="text/x", Host="h")
    sent = site.last_origin_request()
    assert (sent.target, sent.body, sent.method) == ("/site/a?b=c&d", b"body", "POST")
    names = ("Authorization", "Cookie", "Content-Type")
    assert [sent.headers[name] for name in names] == ["Bearer x", "a=1", "text/x"]
    assert "Host" not in sent.headers


def test_cookies_in_the_key_are_sent_and_other_cookies_are_dropped() -> None:
    """*Cache content based on cookies*."""
    site = CdnSite(pages_policy=cache_policy(**allow_list("Cookie", "tab")))
    assert origin_requests_after(site, "/", Cookie="tab=1; other=2") == 1
    assert origin_requests_after(site, "/", Cookie="other=3; tab=1") == 1
    assert site.last_origin_request().headers["Cookie"] == "tab=1"
    assert origin_requests_after(site, "/", Cookie="tab=2") == 2


def test_an_allow_list_sends_only_what_it_names() -> None:
    """*Understand origin request policies*: a POST's Content-Type must be named too."""
    site = CdnSite(behaviour("/*", AllowedMethods=ALL_METHODS, OriginRequestPolicyId={"Ref": "Cookies"}))
    site.request("/?a=1", "POST", Cookie="session=1; b=2", Content_Type="text/x")
    assert (site.last_origin_request().target, site.last_origin_request().headers["Cookie"]) == ("/site/", "session=1")
    assert "Content-Type" not in site.last_origin_request().headers
