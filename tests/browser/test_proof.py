"""A browser solves a challenge in time, also on a slow phone."""

import json
from base64 import b64decode
from pathlib import Path

from playwright.sync_api import Page, Route

from chalicelib.signatures.proof import FEWEST, MOST, is_proof, new_challenge
from tests.actors import LIMIT_KEYS, NOW

SCRIPT = Path(__file__).parents[2] / "chalicelib/pages/assets/proof.js"
# A browser computes only in pages of a secure origin.
ORIGIN = "http://localhost:9/"
SLOWER = 6
MEASURED = """async (challenge) => {
  const { solve } = await import("./proof.js");
  const started = performance.now();
  return [await solve(challenge), performance.now() - started];
}"""


def test_a_slow_phone_solves_a_challenge_in_two_seconds_and_the_server_accepts_it(phone: Page) -> None:
    """The page's own thread is six times slower. The browser computes on others, which DevTools does not slow down, so
    the whole time is multiplied once more.
    """

    def answer(route: Route) -> None:
        is_script = route.request.url.endswith(".js")
        body = SCRIPT.read_text(encoding="utf-8") if is_script else "<!doctype html>"
        route.fulfill(body=body, content_type="text/javascript" if is_script else "text/html")

    phone.route(f"{ORIGIN}**", answer)
    phone.goto(ORIGIN)
    phone.context.new_cdp_session(phone).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    times = []
    for number in range(7):
        address = f"alice{number}@mail.example"
        challenge = new_challenge("safe-children", address, NOW, LIMIT_KEYS)
        proof, took = phone.evaluate(MEASURED, challenge)
        assert is_proof(proof, "safe-children", address, NOW, LIMIT_KEYS)
        assert FEWEST <= json.loads(b64decode(proof))["solution"]["counter"] <= MOST
        times.append(took)
    assert min(times) * SLOWER < 2000
