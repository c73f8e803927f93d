"""The JSON examples of docs/staff-api.md have the keys of the API's answers."""

import json
import re
from typing import Any

from chalicelib.petitions.model import Petition
from stack.paths import ROOT
from tests.actors import ALICE, bobs_token, confirmed
from tests.fake_site import FakeSite
from tests.faults.staff_scenes import with_a_funnel_of_past_days

PAGE = (ROOT / "docs" / "staff-api.md").read_text(encoding="utf-8")


def keys_of(example: Any) -> Any:
    """Return the keys of all objects of the example. Of a list, its first entry."""
    if isinstance(example, dict):
        return {key: keys_of(value) for key, value in example.items()}
    return [keys_of(each) for each in example[:1]] if isinstance(example, list) else None


def test_the_examples_have_the_keys_of_the_answers(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    with_a_funnel_of_past_days(fake_site)
    token, path = f"Bearer {bobs_token(fake_site.tables)}", f"/api/staff/petitions/{petition.slug}"
    answers = [
        fake_site.get("/api/staff/petitions", authorization=token),
        fake_site.get(f"{path}/counts?by=day", authorization=token),
        fake_site.get(f"{path}/funnel?by=hour", authorization=token),
        fake_site.client.http.request("POST", f"{path}/statements", headers={"Authorization": token}),
        fake_site.get("/api/staff/health", authorization=token),
    ]
    examples = re.findall(r"```json\n(.*?)```", PAGE.replace(", …]", "]"), flags=re.DOTALL)
    for example, answer in zip(examples, answers, strict=False):
        assert keys_of(json.loads(example)) == keys_of(answer.json_body)
