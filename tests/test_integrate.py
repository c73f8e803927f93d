"""The examples that integrators copy from docs/integrate.md work."""

import json
import re

from chalicelib.signatures.model import SignatureState
from stack.paths import ROOT
from tests.actors import ALICE, a_petition, identity_of, item_of
from tests.fake_site import FakeSite
from tests.pages.parsed import Page

GUIDE = (ROOT / "docs" / "integrate.md").read_text(encoding="utf-8")
PETITION_PATH = "/petitions/safe-children"


def last_example(kind: str) -> str:
    """Return the last block of this language in the guide."""
    *_, found = re.findall(rf"```{kind}\n(.*?)```", GUIDE, flags=re.DOTALL)
    return str(found)


def test_the_copied_form_is_accepted(fake_site: FakeSite) -> None:
    form = Page(last_example("html"))
    values = {"name": ALICE.name, "email": ALICE.email, "postcode": "m1 1ae", "country": "GB"}
    fields: dict[str, str] = {}
    for field in form.all("input", "select"):
        name = field.attrs["name"]
        fields[name] = values.get(name, field.attrs.get("value", ""))
    action = form.one("form").attrs["action"].removeprefix("https://petitions.example")
    answer = fake_site.post_form(action, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PETITION_PATH}/thanks")
    item = item_of(fake_site.tables, a_petition(), identity_of(a_petition()))
    assert (item["state"], item["updates"], item["postcode"]) == (SignatureState.PENDING, True, "M1 1AE")
    assert item["source"] == "our-website"
    assert not form.all("input", checked="")


def test_the_copied_script_sends_a_signature_that_is_accepted(fake_site: FakeSite) -> None:
    (body,) = re.findall(r"JSON\.stringify\((.*)\),", last_example("js"), flags=re.DOTALL)
    without_last_commas = re.sub(r",(\s*})", r"\1", body)
    as_json = re.sub(r"(\w+): (?=[\"{tf])", r'"\1": ', without_last_commas)
    assert fake_site.post_json(f"/api{PETITION_PATH}/signatures", json.loads(as_json)).status_code == 202
