"""Who obtained a signature, and through which channel. What a browser says about the sending page decides."""

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from chalicelib.petitions.model import Petition
from tests.actors import SITE, fields_of, identity_of, item_of, json_of
from tests.fake_site import FORM, JSON, FakeSite
from tests.signatures.test_api import API_PATH, FORM_PATH

OURS, OTHER = {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "cross-site"}
FROM_OLD_BROWSER = {"origin": SITE}


def through(fake_site: FakeSite, petition: Petition) -> str:
    return str(item_of(fake_site.tables, petition, identity_of(petition))["channel"])


@pytest.mark.parametrize(
    ("path", "content_type", "headers", "channel"),
    [
        (API_PATH, JSON, OURS, "form"),
        (API_PATH, JSON, FROM_OLD_BROWSER, "form"),
        (API_PATH, JSON, {}, "api"),
        (API_PATH, JSON, OTHER, "api"),
        (API_PATH, JSON, {**OTHER, **FROM_OLD_BROWSER}, "api"),
        (API_PATH, JSON, {"sec_fetch_site": "same-site"}, "api"),
        (API_PATH, JSON, {"origin": f"{SITE}.evil.example"}, "api"),
        (FORM_PATH, FORM, {}, "form"),
        (FORM_PATH, FORM, {"origin": "null"}, "form"),
        (FORM_PATH, FORM, OURS | {"origin": "null"}, "form"),
        (FORM_PATH, FORM, OTHER, "api"),
        (FORM_PATH, FORM, {"origin": "https://other.example"}, "api"),
        (f"{API_PATH}?embed=1", JSON, OURS, "embed"),
        (f"{API_PATH}?embed=1", JSON, {}, "api"),
        (f"{API_PATH}?embed=1", JSON, OTHER, "api"),
        (f"{FORM_PATH}?embed=1", FORM, OURS, "embed"),
        (f"{FORM_PATH}?embed=1", FORM, {}, "embed"),
    ],
)
def test_our_own_form_is_told_from_other_pages_and_programs(
    fake_site: FakeSite, petition: Petition, path: str, content_type: str, headers: Mapping[str, str], channel: str
) -> None:
    body = json.dumps(json_of()) if content_type == JSON else urlencode(fields_of())
    assert fake_site.post(path, body.encode(), content_type, **headers).status_code in (202, 303)
    assert through(fake_site, petition) == channel


@pytest.mark.parametrize("page", ["petitions", "embed"])
def test_the_script_of_each_page_sends_to_the_url_of_its_channel(fake_site: FakeSite, page: str) -> None:
    html = fake_site.get(f"/{page}/safe-children").body.decode()
    [url] = re.findall('data-sign-url="([^"]*)"', html)
    assert url == (f"{API_PATH}?embed=1" if page == "embed" else API_PATH)
