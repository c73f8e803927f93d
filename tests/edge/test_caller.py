"""The CDN's headers are believed with its key, and have no effect without it."""

import json

import pytest

from chalicelib.core.rights import Right
from chalicelib.edge.caller import is_through_cdn, site_prefix, source_ip
from chalicelib.signatures.network import network_hash
from tests.actors import LIMIT_KEYS, MINUTE, NOW, ORIGIN_KEYS, a_petition, bobs_token, identity_of, item_of, json_of
from tests.edge.test_http import a_request
from tests.fake_site import JSON, FakeSite

pytestmark = pytest.mark.usefixtures("environment")

KEY = ORIGIN_KEYS["OriginKey"]
# The address from which the requests of Chalice's test client seem to come.
CDN = "127.0.0.1"
VIEWER = "198.51.100.10"
NOT_THE_KEY: list[dict[str, str]] = [{}, *({"x_origin_verify": sent} for sent in ("", KEY[:-1], "OriginKey", "é"))]


@pytest.mark.parametrize(
    ("path", "stage_path", "prefix"),
    [
        ("/", "/", ""),
        ("/", "/prod/", "/prod"),
        ("/petitions/{slug}", "/petitions/x", ""),
        ("/petitions/{slug}", "/prod/petitions/x", "/prod"),
        ("/petitions/{slug}/signatures", "/a/b/petitions/x/signatures", "/a/b"),
        ("/petitions/{slug}", "", ""),
    ],
)
def test_the_prefix_of_our_paths_is_found(path: str, stage_path: str, prefix: str) -> None:
    assert site_prefix(a_request(path=path, stage_path=stage_path)) == prefix


@pytest.mark.parametrize(
    ("told", "prefix"), [("/prod", "/prod"), ("/prod/", "/prod"), ("", ""), ("/", ""), ("/a/b", "/a/b")]
)
def test_the_cdn_may_send_the_prefix_in_a_header(told: str, prefix: str) -> None:
    assert site_prefix(a_request(stage_path="/other/", x_forwarded_prefix=told, x_origin_verify=KEY)) == prefix


@pytest.mark.parametrize("told", ["//evil.example", "prod", "/a//b", "/a\n", "/<script>", "/\u202e", "/a?b", "/a#b"])
def test_an_unsafe_prefix_is_ignored(told: str) -> None:
    assert site_prefix(a_request(x_forwarded_prefix=told, x_origin_verify=KEY)) == ""


@pytest.mark.parametrize("key", ORIGIN_KEYS.values())
def test_each_of_two_keys_opens_so_that_a_rotation_refuses_nobody(key: str) -> None:
    assert is_through_cdn(a_request(x_origin_verify=key))


@pytest.mark.parametrize("headers", NOT_THE_KEY)
def test_nothing_else_opens(headers: dict[str, str]) -> None:
    assert not is_through_cdn(a_request(b"", **headers))


def test_a_function_without_keys_believes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.edge.caller.settings", lambda: type("None", (), {"origin_keys": {}}))
    assert not is_through_cdn(a_request(x_origin_verify=""))


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"x_forwarded_for": "198.51.100.10, 130.176.1.1"}, VIEWER),
        ({"x_forwarded_for": "2001:db8:85a3::8a2e:370:7334, 130.176.1.1"}, "2001:db8:85a3::8a2e:370:7334"),
        # The visitor sent the first. The CDN added the visitor's own, and API Gateway the CDN's.
        ({"x_forwarded_for": "6.6.6.6, 198.51.100.10, 130.176.1.1"}, VIEWER),
        ({"x_forwarded_for": "130.176.1.1"}, ""),
        ({"x_forwarded_for": "6.6.6.6, evil, 130.176.1.1"}, ""),
        # The visitor may send this one too, and CloudFront would pass it on.
        ({"cloudfront_viewer_address": "6.6.6.6:1", "x_forwarded_for": "198.51.100.10, 130.176.1.1"}, VIEWER),
        ({"cloudfront_viewer_address": "6.6.6.6:1"}, ""),
    ],
)
def test_the_visitors_address_is_what_the_cdn_says(headers: dict[str, str], address: str) -> None:
    assert source_ip(a_request(b"", **headers, x_origin_verify=KEY)) == address


@pytest.mark.parametrize("false", NOT_THE_KEY)
def test_a_forged_address_or_prefix_has_no_effect(fake_site: FakeSite, false: dict[str, str]) -> None:
    """Charlie knows the API's own address, and sends the headers that the CDN would send."""
    forged = {"x_forwarded_for": f"{VIEWER}, {CDN}", **false}
    sign(fake_site, forged)
    page = fake_site.get("/petitions/safe-children", x_forwarded_prefix="/evil", **false).body.decode()
    assert limited_as(fake_site) == network_hash(CDN, NOW, LIMIT_KEYS)
    assert "/evil" not in page


def test_the_limit_of_first_emails_sees_the_visitors_network(fake_site: FakeSite) -> None:
    told = {"x_forwarded_for": f"{VIEWER}, {CDN}", "x_origin_verify": KEY}
    sign(fake_site, told)
    assert limited_as(fake_site) == network_hash(VIEWER, NOW, LIMIT_KEYS) != network_hash(CDN, NOW, LIMIT_KEYS)


def test_the_activity_log_has_the_visitors_address(fake_site: FakeSite) -> None:
    bob = {"authorization": f"Bearer {bobs_token(fake_site.tables, NOW, Right.COUNTS, Right.MANAGE)}"}
    for headers in ({"x_origin_verify": KEY}, {}):
        forged_or_told = {"x_forwarded_for": f"{VIEWER}, {CDN}", **headers}
        fake_site.post("/api/staff/petitions/safe-children/statements", b"", JSON, **bob, **forged_or_told)
        fake_site.clock.forward(MINUTE)
    entries = fake_site.get("/api/staff/audit", **bob).json_body["entries"]
    assert [each["source_ip"] for each in entries] == [CDN, VIEWER]


def sign(fake_site: FakeSite, headers: dict[str, str]) -> None:
    body = json.dumps(json_of()).encode()
    assert fake_site.post("/api/petitions/safe-children/signatures", body, JSON, **headers).status_code == 202


def limited_as(fake_site: FakeSite) -> object:
    """Return the network whose limit Alice's confirmation counts in."""
    return item_of(fake_site.tables, a_petition(), identity_of(a_petition()))["mail_network"]
