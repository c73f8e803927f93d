"""Both as deployed, over HTTP: 32 threads at one address and at many, and what each then says it has counted."""

import json
import urllib.request
from typing import Any

from benchmarks import scene
from benchmarks.tutorial.crowd import Event, press
from benchmarks.tutorial.deployment import SLUG, Both
from chalicelib.signatures.address import signature_id
from stack.manage import issue_token

THREADS = 32
# So many times all threads press for one address, after so many times when each has its own.
TOGETHER, APART = 8, 2


def count_error_of_race(both: Both) -> dict[str, int]:
    """What was counted, less the distinct people who signed. Ours counts who confirmed, so that is raced as well."""
    token = issue_token(both.ours)
    before = {"ours": _ours(both, token), "theirs": _theirs(both)}
    for wave in waves():
        signatures = [scene.sign_event(SLUG, person) for person in wave]
        for api in (both.ours.api, both.theirs):
            press(api, signatures, THREADS)
        press(both.ours.api, _confirmations(both, wave), THREADS)
    after = {"ours": _ours(both, token), "theirs": _theirs(both)}
    people = {person for wave in waves() for person in wave}
    return {name: after[name] - before[name] - len(people) for name in before}


def waves() -> list[list[str]]:
    """Who presses at once. The first waves also start as many functions as there are threads."""
    apart = [[f"wave-{wave}-{number}" for number in range(THREADS)] for wave in range(APART)]
    return apart + [[f"together-{number}"] * THREADS for number in range(TOGETHER)]


def _confirmations(both: Both, people: list[str]) -> list[Event]:
    keys = both.ours.keys()
    secret, tokens = json.loads(keys["SIGNATURE_KEYS"])["v1"], json.loads(keys["TOKEN_KEYS"])
    ids = [signature_id(SLUG, f"{person}@example.org", secret) for person in people]
    return [scene.confirm_event(SLUG, each, tokens) for each in ids]


def _ours(both: Both, token: str) -> int:
    url = f"{both.ours.api}/api/staff/petitions/{SLUG}/counts"
    return int(_asked(url, {"Authorization": f"Bearer {token}"})["confirmed"])


def _theirs(both: Both) -> int:
    return int(_asked(f"{both.theirs}/api/petitions/{SLUG}/count", {})["count"])


def _asked(url: str, headers: dict[str, str]) -> dict[str, Any]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        body: dict[str, Any] = json.load(answer)
    return body
