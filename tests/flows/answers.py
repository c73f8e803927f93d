"""What the site answers to supporters."""

from collections.abc import Mapping
from typing import Any

ANSWERS = {"json": (202, b'{"status":"check-your-inbox"}', None), "form": (303, b"", "/petitions/safe-children/thanks")}
# By a heading of a page: the state that it shows.
ENDS = {"Your signature is counted": "confirmed", "Your signature is withdrawn": "withdrawn"}
PERSONAL = {"name", "email", "country", "postcode", "source", "counted_source"}
SLUG = "safe-children"


def yes_or_no(item: Mapping[str, Any]) -> str:
    return "yes" if item["updates"] else "no"
