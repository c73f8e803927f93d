"""Bob sees the members of parliament whose letters wait, and resumes one."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from stack.manage import load_petitions
from tests.browser.test_staff import sign_in
from tests.site import SAMPLE, SLUG, DeployedSite

SLUG_TO_MEMBERS = "write-to-your-mp"
TARGET_TOML = 'key = "my-mp"\nname = "Your MP"\nmembers = true\n'


def test_bob_resumes_the_letters_to_one_paused_member(desk: Page, deployed_site: DeployedSite, tmp_path: Path) -> None:
    sample = SAMPLE.read_text(encoding="utf-8").replace(f'"{SLUG}"', f'"{SLUG_TO_MEMBERS}"')
    petition = re.sub(r"(\[\[letter\.targets\]\]\n).*\n.*\n.*\n", rf"\1{TARGET_TOML}", sample)
    (tmp_path / "petition.toml").write_text(petition, encoding="utf-8")
    load_petitions(deployed_site.stack, tmp_path)
    letters = f"/petitions/{SLUG_TO_MEMBERS}/letters"
    for constituency in ("E14000001", "E14000002"):
        assert deployed_site.manage("POST", f"{letters}/my-mp/pause?member={constituency}").status_code == 200
    sign_in(desk, deployed_site, route=f"#{letters}")
    paused_members = desk.get_by_role("table", name="Your MP: members whose letters are paused")
    expect(paused_members.get_by_role("row")).to_have_count(3)
    row = paused_members.get_by_role("row").filter(has_text="E14000002")
    expect(row).to_contain_text("by staff")
    row.get_by_role("button", name="Send again").click()
    desk.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(row).to_have_count(0)
    expect(paused_members.get_by_role("row")).to_have_count(2)
    [target] = deployed_site.manage("GET", letters).json()["targets"]
    assert [member["constituency"] for member in target["paused_members"]] == ["E14000001"]
    assert not target["paused"]
