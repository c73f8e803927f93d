"""Open a new petition on the deployed site, and sign it."""

import requests

from tests.e2e.signing import ALICES_SIGNATURE, emailed_link, press_button
from tests.emulated import eventually
from tests.site import DeployedSite, a_draft


def open_new_petition(site: DeployedSite, slug: str, **changes: object) -> str:
    """Open a new petition, and return its URL in the API."""
    api_url = f"{site.url}/api/petitions/{slug}"
    assert site.manage("POST", "/petitions", a_draft(slug, **changes)).status_code == 201
    assert site.manage("POST", f"/petitions/{slug}/state", {"state": "open"}).status_code == 200
    eventually(lambda: requests.get(api_url, timeout=30).status_code == 200)
    return api_url


def sign_and_confirm_by_api(site: DeployedSite, api_url: str, email: str, **fields: object) -> None:
    signature = {**ALICES_SIGNATURE, "email": email, **fields}
    assert requests.post(f"{api_url}/signatures", json=signature, timeout=30).status_code == 202
    assert press_button(emailed_link(site, email, "confirm")).status_code == 200
