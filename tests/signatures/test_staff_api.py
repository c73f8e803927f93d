"""Staff ask for a proof of work, for a petition or the whole site, and stop asking. Each change is recorded."""

import json

from chalicelib.core.rights import Right
from chalicelib.petitions.model import Petition
from chalicelib.shedding.watch import watch
from tests.actors import NOW, bobs_token
from tests.fake_site import JSON, FakeSite


def put(site: FakeSite, **body: object) -> dict[str, object]:
    token = bobs_token(site.tables, site.clock(), Right.MANAGE)
    headers = {"Content-Type": JSON, "Authorization": f"Bearer {token}"}
    answer = site.client.http.put("/api/staff/proof", headers=headers, body=json.dumps(body).encode())
    found: dict[str, object] = answer.json_body
    return found


def test_staff_ask_for_proofs_and_stop(fake_site: FakeSite, petition: Petition) -> None:
    watch("n" * 32, NOW, fake_site.tables)
    one = put(fake_site, petition=petition.slug, asked=True)
    assert one == {"everywhere": False, "petitions": [petition.slug], "watched": 1}
    assert put(fake_site, asked=True)["everywhere"] is True
    assert put(fake_site, petition=petition.slug, asked=False) == {"everywhere": True, "petitions": [], "watched": 1}
    assert put(fake_site, petition="nobody", asked=True)["status"] == 404
    assert len([key for key in fake_site.tables.items if key.table == "audit"]) == 3
