"""How much one probe reveals about an address: is the answer to a known address slower than to a new one?

AUC is the share of pairs (one known, one new address) that an attacker orders rightly by their times: 0.5 is a guess.
200 probes each, interleaved, in this process (with the emulator as AWS) and over loopback (the deployed site). Alone:
`python -m benchmarks.probing`, which does not write results.json.
"""

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import Any

import requests

from benchmarks.calls import Stage
from benchmarks.worker import answer
from stack.attach import deploy_to_emulator
from stack.background import serve
from stack.emulator import emulator
from stack.front import application
from stack.manage import load_petitions
from stack.sockets import LOOPBACK, free_port

PROBES = 200
WARM_UP = 20

Sign = Callable[[str], object]


def measure() -> dict[str, Any]:
    return {"probing": {"in_process": _in_process(), "over_loopback": _over_loopback()}}


def _in_process() -> dict[str, float]:
    """Half of the known addresses are confirmed, the others are pending."""
    with emulator() as running:
        stage = Stage(running.endpoint)
        known = _known(stage.sign)
        for name in known[::2]:
            stage.confirm(name)
        return _probed(stage.sign, known)


def _over_loopback() -> dict[str, float]:
    port = free_port()
    site = f"http://{LOOPBACK}:{port}"
    with emulator() as running:
        stack = deploy_to_emulator(running.endpoint, site)
        load_petitions(stack)
        with serve(application(running.endpoint, stack.api, stack.origin_key()), port), requests.Session() as session:
            sign = _over_http(session, f"{site}/api/petitions/support-trafficked-children/signatures")
            return _probed(sign, _known(sign))


def _over_http(session: requests.Session, url: str) -> Sign:
    def sign(name: str) -> None:
        body = {"name": "Amina Okonkwo", "email": f"{name}@example.org", "consent": {"sign": True}}
        answer = session.post(url, json=body, timeout=20)
        if answer.status_code != 202:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")

    return sign


def _known(sign: Sign) -> list[str]:
    known = [f"known-{number}" for number in range(PROBES)]
    for name in known:
        sign(name)
    return known


def _probed(sign: Sign, known: Iterable[str]) -> dict[str, float]:
    for number in range(WARM_UP):
        sign(f"warm-{number}")
    times: dict[str, list[float]] = {"known": [], "new": []}
    for number, name in enumerate(known):
        pair = [("known", name), ("new", f"new-{number}")]
        for kind, each in pair if number % 2 else reversed(pair):
            times[kind].append(_timed(sign, each))
    middle = {f"{kind}_ms": round(median(each) * 1000, 2) for kind, each in times.items()}
    return {"auc": round(auc(times["known"], times["new"]), 3), **middle}


def _timed(sign: Sign, name: str) -> float:
    start = perf_counter()
    sign(name)
    return perf_counter() - start


def auc(slower: Iterable[float], faster: Iterable[float]) -> float:
    """Return the share of pairs in which the first is larger; equal ones count half."""
    others = list(faster)
    wins = [(one > other) + (one == other) / 2 for one in slower for other in others]
    return sum(wins) / len(wins)


if __name__ == "__main__":
    answer(measure)
