"""A petition that is open on the deployed site, and somebody who signed and confirmed it."""

import requests

from tests.deployed import DeployedSite, a_draft
from tests.e2e.signing import ALICES_SIGNATURE, press_button, emailed_link
from tests.emulated import eventually


def an_open_petition(site: DeployedSite, slug: str, **changes: object) -> str:
    """Return its public address in the API."""
    public = f"{site.url}/api/petitions/{slug}"
    assert site.manage("POST", "/petitions", a_draft(slug, **changes)).status_code == 201
    assert site.manage("POST", f"/petitions/{slug}/state", {"state": "open"}).status_code == 200
    eventually(lambda: requests.get(public, timeout=30).status_code == 200)
    return public


def signed_and_confirmed(site: DeployedSite, public: str, email: str, **more: object) -> None:
    signature = {**ALICES_SIGNATURE, "email": email, **more}
    assert requests.post(f"{public}/signatures", json=signature, timeout=30).status_code == 202
    assert press_button(emailed_link(site, email, "confirm")).status_code == 200
