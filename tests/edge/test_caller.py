"""Headers that the CDN sends have an effect only together with its key."""

import json

import pytest

from chalicelib.core.rights import Right
from chalicelib.edge.http import is_through_cdn, path_prefix, source_ip
from chalicelib.signatures.network import network_hash
from tests.actors import LIMIT_KEYS, MINUTE, NOW, ORIGIN_KEYS, a_petition, bobs_token, identity_of, item_of, json_of
from tests.edge.test_http import a_request
from tests.fake_site import JSON, FakeSite

pytestmark = pytest.mark.usefixtures("environment")

KEY = ORIGIN_KEYS["OriginKey"]
# The source address of requests of Chalice's test client. It is loopback, which has no limit of first emails.
CDN_ADDRESS = "127.0.0.1"
VIEWER_ADDRESS = "198.51.100.10"
HEADERS_WITHOUT_THE_KEY: list[dict[str, str]] = [
    {},
    *({"x_origin_verify": other} for other in ("", KEY[:-1], "OriginKey", "é")),
]


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
    assert path_prefix(a_request(path=path, stage_path=stage_path)) == prefix


@pytest.mark.parametrize(
    ("header", "prefix"), [("/prod", "/prod"), ("/prod/", "/prod"), ("", ""), ("/", ""), ("/a/b", "/a/b")]
)
def test_the_cdn_may_send_the_prefix_in_a_header(header: str, prefix: str) -> None:
    assert path_prefix(a_request(stage_path="/other/", x_forwarded_prefix=header, x_origin_verify=KEY)) == prefix


@pytest.mark.parametrize("header", ["//evil.example", "prod", "/a//b", "/a\n", "/<script>", "/\u202e", "/a?b", "/a#b"])
def test_an_unsafe_prefix_is_ignored(header: str) -> None:
    assert path_prefix(a_request(x_forwarded_prefix=header, x_origin_verify=KEY)) == ""


@pytest.mark.parametrize("key", ORIGIN_KEYS.values())
def test_each_of_the_two_keys_is_accepted_so_that_a_rotation_refuses_no_request(key: str) -> None:
    assert is_through_cdn(a_request(x_origin_verify=key))


@pytest.mark.parametrize("headers", HEADERS_WITHOUT_THE_KEY)
def test_a_request_without_a_valid_key_is_not_from_the_cdn(headers: dict[str, str]) -> None:
    assert not is_through_cdn(a_request(b"", **headers))


def test_a_function_without_keys_accepts_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.edge.http.settings", lambda: type("None", (), {"origin_keys": {}}))
    assert not is_through_cdn(a_request(x_origin_verify=""))


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"x_forwarded_for": "198.51.100.10, 130.176.1.1"}, VIEWER_ADDRESS),
        ({"x_forwarded_for": "2001:db8:85a3::8a2e:370:7334, 130.176.1.1"}, "2001:db8:85a3::8a2e:370:7334"),
        # The visitor sent the first address. The CDN added the visitor's address, and API Gateway the CDN's.
        ({"x_forwarded_for": "6.6.6.6, 198.51.100.10, 130.176.1.1"}, VIEWER_ADDRESS),
        ({"x_forwarded_for": "130.176.1.1"}, ""),
        ({"x_forwarded_for": "6.6.6.6, evil, 130.176.1.1"}, ""),
        # The visitor may send this header too, and CloudFront would forward it.
        ({"cloudfront_viewer_address": "6.6.6.6:1", "x_forwarded_for": "198.51.100.10, 130.176.1.1"}, VIEWER_ADDRESS),
        ({"cloudfront_viewer_address": "6.6.6.6:1"}, ""),
    ],
)
def test_the_visitors_address_is_the_address_that_the_cdn_adds(headers: dict[str, str], address: str) -> None:
    assert source_ip(a_request(b"", **headers, x_origin_verify=KEY)) == address


def test_a_forged_address_or_prefix_has_no_effect(fake_site: FakeSite) -> None:
    """Charlie knows the API's own address, and sends the headers that the CDN would send."""
    sign(fake_site, {"x_forwarded_for": f"{VIEWER_ADDRESS}, {CDN_ADDRESS}"})
    page = fake_site.get("/petitions/safe-children", x_forwarded_prefix="/evil").body.decode()
    assert limited_network(fake_site) is None
    assert "/evil" not in page


def test_first_emails_are_limited_by_the_visitors_network(fake_site: FakeSite) -> None:
    sign(fake_site, {"x_forwarded_for": f"{VIEWER_ADDRESS}, {CDN_ADDRESS}", "x_origin_verify": KEY})
    assert limited_network(fake_site) == network_hash(VIEWER_ADDRESS, NOW, LIMIT_KEYS)


def test_the_activity_log_has_the_visitors_address(fake_site: FakeSite) -> None:
    bobs_headers = {"authorization": f"Bearer {bobs_token(fake_site.tables, NOW, Right.COUNTS, Right.MANAGE)}"}
    for key_header in ({"x_origin_verify": KEY}, {}):
        cdn_headers = {"x_forwarded_for": f"{VIEWER_ADDRESS}, {CDN_ADDRESS}", **key_header}
        fake_site.post("/api/staff/petitions/safe-children/statements", b"", JSON, **bobs_headers, **cdn_headers)
        fake_site.clock.forward(MINUTE)
    entries = fake_site.get("/api/staff/audit", **bobs_headers).json_body["entries"]
    assert [each["source_ip"] for each in entries] == [CDN_ADDRESS, VIEWER_ADDRESS]


def sign(fake_site: FakeSite, headers: dict[str, str]) -> None:
    body = json.dumps(json_of()).encode()
    assert fake_site.post("/api/petitions/safe-children/signatures", body, JSON, **headers).status_code == 202


def limited_network(fake_site: FakeSite) -> object:
    """Return the network whose limit counts Alice's first email; None if no limit does."""
    return item_of(fake_site.tables, a_petition(), identity_of(a_petition())).get("mail_network")
