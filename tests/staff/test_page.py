"""The staff page."""

import re

from tests.fake_site import FakeSite


def test_the_page_is_the_same_for_everyone_and_has_no_data(fake_site: FakeSite) -> None:
    answer = fake_site.get("/staff")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert fake_site.get("/staff", authorization=f"Bearer {'x' * 40}").body == answer.body


def test_the_policy_allows_only_this_sites_code_and_api(fake_site: FakeSite) -> None:
    policy = fake_site.get("/staff").headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)


def test_every_linked_file_is_served(fake_site: FakeSite) -> None:
    page = fake_site.get("/staff").body.decode()
    links = re.findall(r'href="(/assets/staff/[^"]*)"', page)
    assert len(links) > 10
    assert {fake_site.get(link).status_code for link in links} == {200}


def test_without_javascript_the_page_explains_how_to_get_the_count(fake_site: FakeSite) -> None:
    page = fake_site.get("/staff").body.decode()
    assert "need JavaScript" in page
    assert "curl -H" in page
