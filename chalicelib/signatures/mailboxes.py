"""Ask about an email address whose domain is one slip away from a well-known one: alice@gmial.com.

The form asks once, and takes either answer. With JavaScript, pages/assets/mailbox.js asks the same. Both read
mailboxes.json: the domains that may be `meant`, and `real` ones that only look like a slip.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib.core.address import unpasted
from chalicelib.pages.render import asset

# A hidden field: the address that the form asked about.
MEANT = "email_meant"


def question(fields: Mapping[str, str]) -> str | None:
    """Return the address to ask about, or None if nothing looks wrong or this address was asked about before."""
    typed = fields.get("email", "")
    return None if fields.get("email_asked") == typed else meant(typed)


def meant(typed: str) -> str | None:
    """Return the address that was probably meant, or None."""
    local, _, domain = unpasted(typed).rpartition("@")
    domain, known = domain.lower(), _mailboxes()
    if not local or domain in known["webmail"] or domain in known["real"]:
        return None
    found = next((each for each in known["meant"] if is_slip(domain, each)), None)
    return f"{local}@{found}" if found else None


def is_slip(typed: str, right: str) -> bool:
    """Return whether one character is wrong, missing, doubled or swapped with the next."""
    same = next((at for at, letter in enumerate(right) if typed[at : at + 1] != letter), len(right))
    left, wanted = typed[same:], right[same:]
    is_swapped = left[:2] == wanted[1::-1] and left[2:] == wanted[2:]
    return typed != right and (is_swapped or left[1:] == wanted or left == wanted[1:] or left[1:] == wanted[1:])


@cache
def _mailboxes() -> dict[str, Any]:
    found = asset("mailboxes.json")
    return dict(json.loads(found.body)) if found else {}
