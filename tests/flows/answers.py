"""The site's answers to supporters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalice.test import HTTPResponse

from chalicelib.petitions.model import Petition, PetitionState
from tests.flows.ledger import NEVER
from tests.flows.received import ReceivedEmail
from tests.flows.ways import SPELLINGS

# By route: status, body and location of the answer to a signing.
SIGNING_ANSWERS = {
    "json": (202, b'{"status":"check-your-inbox"}', None),
    "form": (303, b"", "/petitions/safe-children/thanks"),
}
STATE_BY_HEADING = {"Your signature is counted": "confirmed", "Your signature is withdrawn": "withdrawn"}
PERSONAL_FIELDS = {"name", "email", "country", "postcode", "source", "counted_source"}
SLUG = "safe-children"


def is_kept(item: Mapping[str, Any] | None, now: datetime) -> bool:
    """Return whether this item of the table is a signature that is neither withdrawn nor expired."""
    if item is None or item["state"] not in ("pending", "confirmed"):
        return False
    return bool(item.get("expires_at", NEVER) > now.timestamp())


def page_of(answer: HTTPResponse) -> str:
    """Return the state of the signature that the page shows, or else the answer's status."""
    text = answer.body.decode()
    for heading, state in STATE_BY_HEADING.items():
        if heading in text:
            return state
    return str(answer.status_code)


def expected_page(email: ReceivedEmail, before: Mapping[str, Any], petition: Petition, now: datetime) -> str:
    """Return what the page must show after the person confirms, in the words of `page_of`."""
    if petition.state is PetitionState.REMOVED:
        return "410"
    if before.get("state", "pending") != "pending":
        return str(before["state"])
    has_ended = now >= email.link_expiry or email.is_older_than(before.get("withdrawn_at"))
    if not before or has_ended:
        return "410"
    return "confirmed" if petition.is_confirmable_at(now) else "410"


def assert_confirmed_item(before: Mapping[str, Any], after: Mapping[str, Any], corrections: Mapping[str, str]) -> None:
    """Assert that the item has the corrections that the person made when they confirmed."""
    assert after["name"] == corrections.get("name", before["name"])
    assert after["updates"] is (corrections.get("updates") == "yes"), "only a ticked box gives consent"
    for version in ("text_version", "consent_version"):
        assert after[version] == before[version], "the version changed, though no page showed another"


def assert_withdrawn_item(item: Mapping[str, Any] | None) -> None:
    """Assert that the signature has no personal data, or is deleted."""
    if item is not None:
        assert item["state"] == "withdrawn"
        assert not PERSONAL_FIELDS & item.keys()


def assert_names_nobody(page: str) -> None:
    for person in SPELLINGS:
        assert person.name not in page
        assert person.email not in page
