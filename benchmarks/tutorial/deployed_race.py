"""Compare the counts of both deployed applications after a race: 32 threads sign at once, with one address or many."""

import json
import urllib.request
from itertools import chain
from typing import Any

from benchmarks import scene
from benchmarks.tutorial.crowd import Event, send_requests
from benchmarks.tutorial.deployment import SLUG, Both
from chalicelib.core.address import signature_id
from stack.manage import issue_token

THREADS = 32
# The waves in which all threads sign with one address, and the waves before, in which each thread has its own address.
WAVES_TOGETHER, WAVES_APART = 8, 2


def count_error_of_race(both: Both) -> dict[str, int]:
    """Return the count minus the number of people who signed. Ours counts confirmations, so people confirm too."""
    token = issue_token(both.ours)
    before = _counts(both, token)
    for wave in waves():
        signatures = [scene.sign_event(SLUG, person) for person in wave]
        for api in (both.ours.api, both.theirs):
            send_requests(api, signatures, THREADS)
        send_requests(both.ours.api, _confirmations(both, wave), THREADS)
    after = _counts(both, token)
    people = set(chain.from_iterable(waves()))
    return {name: after[name] - before[name] - len(people) for name in before}


def waves() -> list[list[str]]:
    """Return the people of each wave, one for each thread: first different people, then one person in all threads."""
    # The first waves also let Lambda start an environment for each thread.
    all_waves = []
    for wave in range(WAVES_APART):
        all_waves.append([f"wave-{wave}-{number}" for number in range(THREADS)])
    for wave in range(WAVES_TOGETHER):
        all_waves.append([f"together-{wave}"] * THREADS)
    return all_waves


def _confirmations(both: Both, people: list[str]) -> list[Event]:
    secrets = both.ours.secrets()
    signature_key = json.loads(secrets["SIGNATURE_KEYS"])["v1"]
    token_keys = json.loads(secrets["TOKEN_KEYS"])
    ids = [signature_id(SLUG, f"{person}@example.org", signature_key) for person in people]
    return [scene.confirm_event(SLUG, each, token_keys) for each in ids]


def _counts(both: Both, token: str) -> dict[str, int]:
    return {"ours": _our_count(both, token), "theirs": _their_count(both)}


def _our_count(both: Both, token: str) -> int:
    url = f"{both.ours.api}/api/staff/petitions/{SLUG}/counts"
    return int(_get(url, {"Authorization": f"Bearer {token}"})["confirmed"])


def _their_count(both: Both) -> int:
    return int(_get(f"{both.theirs}/api/petitions/{SLUG}/count", {})["count"])


def _get(url: str, headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        body: dict[str, Any] = json.load(answer)
    return body
