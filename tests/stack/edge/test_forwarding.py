"""The cache key and what goes to the origin. Each test names the page of AWS's documentation."""

import pytest

from tests.stack.edge.scene import ALL, Site, an_answer, behaviour, cache_policy, named

KEPT = {"Cache_Control": "max-age=60"}


def visits(site: Site, *targets: str, **headers: str) -> int:
    """Return how many of the visits reached the origin."""
    site.says["/"] = an_answer(**KEPT)
    for target in targets:
        site.get(target, **headers)
    return len(site.asked)


def test_only_the_listed_query_keys_are_keyed_and_sent() -> None:
    """*Understand cache policies*: query strings."""
    site = Site()
    assert visits(site, "/?lang=cy&utm=1", "/?utm=2&lang=cy", "/?lang=cy", "/?Lang=cy&lang=cy") == 1
    assert site.last().target == "/site/?lang=cy"
    assert visits(site, "/?lang=en") == 2
    assert visits(site, "/") == 3


def test_a_listed_header_is_keyed_and_sent_and_others_are_not_sent() -> None:
    """*Understand cache policies*: headers."""
    site = Site(pages=cache_policy(**named("Header", "Accept")))
    assert visits(site, "/", Accept="text/html", Origin="https://a.example") == 1
    assert visits(site, "/", Accept="text/html", Origin="https://b.example") == 1
    assert "Origin" not in site.last().headers
    assert visits(site, "/", accept="application/json") == 2
    assert site.last().headers["Accept"] == "application/json"


def test_head_shares_the_key_of_get() -> None:
    """*Cache behavior settings*: GET and HEAD."""
    site = Site()
    site.says["/"] = an_answer(**KEPT)
    assert site.get("/", "HEAD").headers["X-Cache"].startswith("Miss")
    assert site.get("/").headers["X-Cache"].startswith("Hit")


@pytest.mark.parametrize(
    ("accepted", "keyed"),
    [("gzip, deflate, br", "br,gzip"), ("br;q=0.5", "br"), ("GZIP", "gzip"), ("zstd", "identity"), ("", "identity")],
)
def test_accept_encoding_is_normalised(accepted: str, keyed: str) -> None:
    """*Serve compressed files*: with both flags, br,gzip or br or gzip."""
    site = Site()
    visits(site, "/", Accept_Encoding=accepted)
    assert site.last().headers["Accept-Encoding"] == keyed
    assert visits(site, "/", Accept_Encoding=f"{accepted}, other") == 1


def test_an_origin_request_policy_sends_more_without_keying_it() -> None:
    """*Understand origin request policies*."""
    site = Site(behaviour("/*", OriginRequestPolicyId={"Ref": "Viewer"}))
    assert visits(site, "/", Content_Type="a/b") == visits(site, "/", Content_Type="c/d") == 1
    assert site.last().headers["Content-Type"] == "a/b"


def test_the_origins_custom_headers_replace_the_viewers() -> None:
    """*Add custom headers to origin requests*."""
    site = Site(behaviour("/x"))
    site.get("/", "POST", X_Forwarded_Prefix="/evil", X_Origin_Verify="guessed")
    sent = site.last().headers
    assert (sent.getall("X-Forwarded-Prefix"), sent.getall("X-Origin-Verify")) == (["/"], ["hush"])


def test_the_viewers_address_is_sent_if_the_policy_names_it_and_cannot_be_forged() -> None:
    """*Add CloudFront request headers*, *Request and response behavior for custom origins*: X-Forwarded-For."""
    lies = {"CloudFront_Viewer_Address": "6.6.6.6:1", "X_Forwarded_For": "6.6.6.6", "X_Real_Ip": "6.6.6.6"}
    site = Site(behaviour("/a", OriginRequestPolicyId={"Ref": "Viewer"}))
    site.get("/a", **lies)
    assert site.last().headers["CloudFront-Viewer-Address"] == "192.0.2.7:4711"
    site.get("/b", "POST", **lies)
    assert "CloudFront-Viewer-Address" not in site.last().headers
    assert site.last().headers["X-Forwarded-For"] == "6.6.6.6, 192.0.2.7"
    assert "X-Real-Ip" not in site.last().headers


def test_host_and_user_agent_are_replaced() -> None:
    """*Request and response behavior for custom origins*: HTTP request headers."""
    site = Site()
    site.get("/", Host="site.example", User_Agent="Firefox", Referer="https://a.example", Authorization="Bearer x")
    sent = site.last().headers
    assert "Host" not in sent
    assert sent["User-Agent"] == "Amazon CloudFront"
    assert not {"Referer", "Authorization"} & {*sent}


def test_all_viewer_except_host_header_sends_everything_else() -> None:
    """*Use managed origin request policies*."""
    site = Site(behaviour("/x"))
    site.get("/a?b=c&d", "POST", b"body", Authorization="Bearer x", Cookie="a=1", Content_Type="text/x", Host="h")
    sent = site.last()
    assert (sent.target, sent.body, sent.method) == ("/site/a?b=c&d", b"body", "POST")
    assert (sent.headers["Authorization"], sent.headers["Cookie"], sent.headers["Content-Type"]) == (
        *("Bearer x", "a=1", "text/x"),
    )
    assert "Host" not in sent.headers


def test_keyed_cookies_are_sent_and_others_dropped() -> None:
    """*Cache content based on cookies*."""
    site = Site(pages=cache_policy(**named("Cookie", "tab")))
    assert visits(site, "/", Cookie="tab=1; other=2") == visits(site, "/", Cookie="other=3; tab=1") == 1
    assert site.last().headers["Cookie"] == "tab=1"
    assert visits(site, "/", Cookie="tab=2") == 2


def test_an_allow_list_sends_only_what_it_names() -> None:
    """*Understand origin request policies*: a POST's Content-Type must be named too."""
    site = Site(behaviour("/*", AllowedMethods=ALL, OriginRequestPolicyId={"Ref": "Cookies"}))
    site.get("/?a=1", "POST", Cookie="session=1; b=2", Content_Type="text/x")
    assert (site.last().target, site.last().headers["Cookie"]) == ("/site/", "session=1")
    assert "Content-Type" not in site.last().headers
