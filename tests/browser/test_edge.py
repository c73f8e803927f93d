"""Alice signs through the local CDN, which reads its rules from the template: `make run EDGE=1`."""

from collections.abc import Iterator

import pytest
import requests
from aiohttp import web
from playwright.sync_api import Page, expect

from stack.attach import Deployed
from stack.aws import Cloud
from stack.background import serve
from stack.edge import local
from stack.edge.gateway import Gateway
from stack.front import forwarding_application
from stack.sockets import LOOPBACK, free_port
from tests.browser.test_supporter import fill, press_sign, sign_and_confirm
from tests.deployed import PATIENCE, SLUG, DeployedSite, a_site_behind_a_cdn
from tests.emulated import eventually

PAGE = f"/petitions/{SLUG}"


@pytest.fixture(scope="module")
def cached_site() -> Iterator[DeployedSite]:
    with a_site_behind_a_cdn(free_port()) as site:
        yield site


def fetch(url: str, **headers: str) -> requests.Response:
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=dashed, timeout=PATIENCE, allow_redirects=False)


def test_a_supporter_signs_confirms_and_is_counted_through_the_cdn(phone: Page, cached_site: DeployedSite) -> None:
    sign_and_confirm(phone, cached_site, "cached@example.org")

    def is_counted() -> bool:
        phone.goto(cached_site.url + PAGE)
        return phone.locator("[data-count]").inner_text() == "1"

    eventually(is_counted)
    expect(phone.get_by_role("heading", level=1)).to_be_visible()


def test_the_petition_page_comes_from_the_cache_and_personal_pages_never_do(cached_site: DeployedSite) -> None:
    fetch(cached_site.url + PAGE)
    assert fetch(f"{cached_site.url}{PAGE}?fbclid=1").headers["X-Cache"] == "Hit from cloudfront"
    for path in ("/confirm?token=x", f"{PAGE}/thanks", "/api/staff/petitions", "/staff"):
        for _ in range(2):
            cache_status = fetch(cached_site.url + path).headers["X-Cache"]
            assert cache_status.split()[0] in ("Miss", "Error"), path


def test_the_api_answers_only_to_the_cdn(cached_site: DeployedSite) -> None:
    for forged in ({}, {"Referer": "guessed"}, {"X_Origin_Verify": "guessed"}):
        assert fetch(f"{cached_site.api}/site{PAGE}", **forged).status_code == 403


def test_the_audit_trail_has_the_visitors_ip_address(cached_site: DeployedSite) -> None:
    forged_headers = {"X-Forwarded-For": "6.6.6.6", "CloudFront-Viewer-Address": "6.6.6.6:1"}
    headers = {**forged_headers, "Authorization": f"Bearer {cached_site.staff_token}"}
    address = f"{cached_site.url}/api/staff/petitions/{SLUG}/statements"
    assert requests.post(address, headers=headers, timeout=PATIENCE).status_code == 201
    [entry, *_] = cached_site.staff("/audit").json()["entries"]
    assert entry["source_ip"] == "127.0.0.1"


class ThrottlingGateway(Gateway):
    """Refuses every form with the response that the stack has for a throttled request."""

    def __init__(self, stack: Deployed) -> None:
        super().__init__(stack.gateway, ())
        query = {"restApiId": stack.outputs["RestAPIId"], "responseType": "THROTTLED"}
        found = Cloud(stack.endpoint).client("apigateway").get_gateway_response(**query)
        self._status = int(found["statusCode"])
        self._headers: dict[str, str] = {}
        for parameter, value in found["responseParameters"].items():
            # Such as gatewayresponse.header.Retry-After, with the value '10' in quotes.
            header = parameter.rpartition(".")[2]
            self._headers[header] = value.strip("'")

    async def pass_on(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            return await super().pass_on(request)
        return web.Response(status=self._status, text='{"status": 503}', headers=self._headers)


def test_without_javascript_a_throttled_form_leads_to_the_busy_page_and_back_to_the_typed_text(
    phone_without_javascript: Page, cached_site: DeployedSite
) -> None:
    page = phone_without_javascript
    api_port, port = free_port(), free_port()
    edge, _ = local.applications(cached_site.stack, api_port)
    throttling = forwarding_application(ThrottlingGateway(cached_site.stack))
    with serve(throttling, api_port), serve(edge, port):
        page.goto(f"http://{LOOPBACK}:{port}{PAGE}")
        fill(page, "patient@example.org")
        press_sign(page)
        expect(page.get_by_role("heading", level=1).first).to_have_text("Sorry, we are very busy")
        page.go_back()
        expect(page.get_by_role("textbox", name="Email address")).to_have_value("patient@example.org")


def test_while_the_api_is_down_cached_pages_stay_and_other_pages_are_busy(cached_site: DeployedSite) -> None:
    """The busy page is a 503, so that no cache stores it. A form gets the CDN's own error."""
    api_port, port = free_port(), free_port()
    edge, api = local.applications(cached_site.stack, api_port)
    with serve(edge, port):
        site_url = f"http://{LOOPBACK}:{port}"
        with serve(api, api_port):
            assert fetch(f"{site_url}{PAGE}").status_code == 200
        busy = fetch(f"{site_url}{PAGE}?lang=cy")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
        assert "busy" in busy.text.lower()
        assert fetch(f"{site_url}{PAGE}").status_code == 200
        sent_form = requests.post(f"{site_url}{PAGE}/signatures", data={"name": "Alice"}, timeout=PATIENCE)
        assert sent_form.status_code == 502
