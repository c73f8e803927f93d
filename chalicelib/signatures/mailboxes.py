"""Ask about an email address whose domain is one slip away from a well-known one: alice@gmial.com.

The form asks once, and takes either answer. With JavaScript, pages/assets/mailbox.js asks the same. Both read
mailboxes.json: the domains that may be `meant`, and `real` ones that only look like a slip.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib.core.address import strip_pasted
from chalicelib.pages.render import asset

# A hidden field: the address that the form asked about.
MEANT = "email_meant"


def question(fields: Mapping[str, str]) -> str | None:
    """Return the address to ask about, or None if nothing looks wrong or this address was asked about before."""
    typed = fields.get("email", "")
    return None if fields.get("email_asked") == typed else probable_address(typed)


def probable_address(typed: str) -> str | None:
    """Return the address that was probably meant, or None."""
    local, _, domain = strip_pasted(typed).rpartition("@")
    domain, domains = domain.lower(), _known_domains()
    if not local or domain in domains["webmail"] or domain in domains["real"]:
        return None
    found = next((each for each in domains["meant"] if is_slip(domain, each)), None)
    return f"{local}@{found}" if found else None


def is_slip(typed: str, right: str) -> bool:
    """Return whether one character is wrong, missing, doubled or swapped with the next."""
    same = next((at for at, letter in enumerate(right) if typed[at : at + 1] != letter), len(right))
    typed_rest, right_rest = typed[same:], right[same:]
    is_swapped = typed_rest[:2] == right_rest[1::-1] and typed_rest[2:] == right_rest[2:]
    has_extra, lacks_one = typed_rest[1:] == right_rest, typed_rest == right_rest[1:]
    is_wrong = typed_rest[1:] == right_rest[1:]
    return typed != right and (is_swapped or has_extra or lacks_one or is_wrong)


@cache
def _known_domains() -> dict[str, Any]:
    found = asset("mailboxes.json")
    return dict(json.loads(found.body)) if found else {}
