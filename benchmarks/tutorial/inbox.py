"""The emails that the emulated SES received."""

import json
import urllib.request
from itertools import chain
from typing import Any


def mails(endpoint: str) -> list[dict[str, Any]]:
    """Return all emails, from an endpoint that only this emulator has."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages", timeout=30) as sent:
        accounts: dict[str, list[dict[str, Any]]] = json.load(sent)["messages"]
    return list(chain.from_iterable(accounts.values()))


def count_mails(endpoint: str) -> int:
    return len(mails(endpoint))
