"""A POST of an emailed link, without a form, as with `curl -X POST`, presses the button of the link's page."""

import pytest

from tests.fake_site import JSON, FakeSite
from tests.signatures.test_links import count, post, sign_and_email_alice


@pytest.mark.parametrize("purpose", ["confirm", "stop", "unsubscribe", "withdraw"])
def test_a_post_of_the_bare_link_presses_the_button(fake_site: FakeSite, purpose: str) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link(purpose)
    bare, pressed = fake_site.client.http.post(link), post(fake_site, link)
    assert (bare.status_code, bare.body) == (200, pressed.body)


def test_corrections_of_an_unknown_type_are_refused_not_ignored(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    assert fake_site.post(fake_site.last_link("confirm"), b'{"name": "A"}', JSON).status_code == 415
    assert count(fake_site) == 0
