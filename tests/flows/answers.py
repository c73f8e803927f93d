"""The site's answers to supporters."""

from collections.abc import Mapping
from typing import Any

# By route: status, body and location of the answer to a signing.
SIGNING_ANSWERS = {
    "json": (202, b'{"status":"check-your-inbox"}', None),
    "form": (303, b"", "/petitions/safe-children/thanks"),
}
STATE_BY_HEADING = {"Your signature is counted": "confirmed", "Your signature is withdrawn": "withdrawn"}
PERSONAL_FIELDS = {"name", "email", "country", "postcode", "source", "counted_source"}
SLUG = "safe-children"


def yes_or_no(item: Mapping[str, Any]) -> str:
    return "yes" if item["updates"] else "no"
