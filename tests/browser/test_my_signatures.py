"""Alice sees what she has signed, by a link in an email. Bob removes signatures, and puts them back. On a phone."""

import requests
from playwright.sync_api import Page, expect

from stack.local.prepare import PARTNER
from tests.browser.new_petition import open_new_petition
from tests.browser.test_staff import sign_in
from tests.e2e.signing import emailed_link
from tests.emulated import eventually
from tests.site import DeployedSite

ALICE = {"name": "Alice Example", "email": "alice.own@example.org"}


def open_petition_with_signature(site: DeployedSite, slug: str, title: str, person: dict[str, str]) -> str:
    """Return its URL in the API. A partner sends the signature: so it counts at once, and no email went out yet."""
    url = open_new_petition(site, slug, title=title)
    headers = {"Authorization": f"Bearer {site.stack.partner_token}"}
    consent = {**{name: PARTNER[name] for name in ("wording", "version")}, "obtained_at": "2026-01-02T03:04:05Z"}
    signature = {"identifier": "sample:1", **person, "consent": consent}
    path = f"{site.url}/api/partner/petitions/{slug}/signatures"
    answer = requests.post(path, json=signature, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return url


def open_my_signatures(page: Page, site: DeployedSite) -> None:
    page.goto(f"{site.url}/my-signatures")
    page.get_by_label("Email address").fill(ALICE["email"])
    page.get_by_role("button", name="Email me a link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Check your inbox")
    page.goto(emailed_link(site, ALICE["email"], "my-signatures"))


def test_alice_corrects_and_withdraws_her_signatures_and_stops_email(phone: Page, deployed_site: DeployedSite) -> None:
    titles = {"keep-the-library": "Keep the library", "mend-the-bridge": "Mend the bridge"}
    for slug, title in titles.items():
        open_petition_with_signature(deployed_site, slug, title, ALICE)
    open_my_signatures(phone, deployed_site)
    library, bridge = (phone.locator("section.own").filter(has_text=title) for title in titles.values())
    library.get_by_text("Correct my details").click()
    library.get_by_label("Full name").fill("Alice Corrected")
    library.get_by_role("button", name="Save").click()
    expect(phone.get_by_role("status")).to_have_text("Your details are saved.")
    expect(library).to_contain_text("Alice Corrected")
    phone.get_by_role("button", name="Get no more email about any of these petitions").click()
    expect(library).to_contain_text("You get no email about this petition")
    expect(bridge).to_contain_text("You get no email about this petition")
    bridge.get_by_text("Withdraw my signature").first.click()
    bridge.get_by_role("button", name="Withdraw my signature").click()
    expect(phone.get_by_role("status")).to_contain_text("Your signature is withdrawn")
    expect(bridge).to_have_count(0)
    expect(library).to_have_count(1)


def test_bob_removes_signatures_and_puts_them_back(phone: Page, deployed_site: DeployedSite) -> None:
    false_person = {"name": "One Ofmany", "email": "one@many.example"}
    api_url = open_petition_with_signature(deployed_site, "open-the-park", "Open the park", false_person)
    sign_in(phone, deployed_site, route="#/petitions/open-the-park/removals")
    phone.get_by_label("Domain of the email address").fill("many.example")
    phone.get_by_label("Reason, for the public").fill("One domain")
    phone.get_by_label("Only try").uncheck()
    phone.get_by_role("button", name="Start").click()
    phone.get_by_role("dialog").get_by_role("button", name="Remove them").click()
    phone.get_by_role("button", name="Undo").click()
    eventually(lambda: removed(api_url) == [(1, 0)])
    phone.get_by_role("dialog").get_by_role("button", name="Put them back").click()
    expect(phone.get_by_role("cell", name="undone")).to_be_visible()
    eventually(lambda: removed(api_url) == [(0, 1)])


def removed(api_url: str) -> list[tuple[int, int]]:
    public = requests.get(api_url, timeout=30).json()
    return [(each["count"], each.get("put_back", 0)) for each in public["removed"]]
