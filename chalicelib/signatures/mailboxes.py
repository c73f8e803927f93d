"""Suggest another email address if the typed domain is probably a typo of a well-known one: alice@gmial.com.

The form asks once; pages/assets/mailbox.js asks the same. Both read mailboxes.json: well-known domains (`meant`),
others that look like a typo of these (`real`), and all that have webmail (`webmail`).
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib.core.address import strip_pasted
from chalicelib.pages.render import asset

# The name under which the page's template gets the suggested address. The form has no field with this name.
SUGGESTION_FIELD = "email_meant"


def suggested_address(fields: Mapping[str, str]) -> str | None:
    """Return the address that the person probably meant. None: it looks right, or the form has already asked."""
    typed = fields.get("email", "")
    was_asked = fields.get("email_asked") == typed
    return None if was_asked else probable_address(typed)


def probable_address(typed: str) -> str | None:
    local, _, domain = strip_pasted(typed).rpartition("@")
    if not local:
        return None
    domain = domain.lower()
    known_domains = _known_domains()
    if domain in known_domains["webmail"] or domain in known_domains["real"]:
        return None
    return next((f"{local}@{meant}" for meant in known_domains["meant"] if is_slip(domain, meant)), None)


def is_slip(typed: str, known: str) -> bool:
    """Return whether `typed` is `known` with one character wrong, missing, added, or swapped with the next one."""
    if typed == known:
        return False
    # A slip is at the start of what follows the common beginning.
    common_length = 0
    shorter_length = min(len(typed), len(known))
    while common_length < shorter_length and typed[common_length] == known[common_length]:
        common_length += 1
    typed_rest, known_rest = typed[common_length:], known[common_length:]
    swapped_start = known_rest[:2][::-1]
    has_swap = typed_rest == swapped_start + known_rest[2:]
    has_extra = typed_rest[1:] == known_rest
    lacks_one = typed_rest == known_rest[1:]
    has_wrong = typed_rest[1:] == known_rest[1:]
    return has_swap or has_extra or lacks_one or has_wrong


@cache
def _known_domains() -> dict[str, Any]:
    file = asset("mailboxes.json")  # Never None: the package contains this file.
    return dict(json.loads(file.body)) if file else {}
