"""A proof of work: the browser computes for about a second, so that many signatures cost an attacker something.

The format is ALTCHA's (PoW v2, PBKDF2): other clients may use its libraries. A challenge is for one petition and one
address, so a proof that is used twice is the same signature twice, and nothing needs to be stored.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import randbelow
from typing import Any

from altcha import create_challenge, verify_solution

from chalicelib.core.address import oldest_secret, pseudonym

ALGORITHM = "PBKDF2/SHA-256"
# The client tries numbers from 0: all that are below FEWEST, and on average half of the others. docs/security.md says
# how long that takes.
ITERATIONS, FEWEST, MOST = 5_000, 40, 80
# The page sends a signature again for ten minutes if we do not answer.
LIFETIME = timedelta(minutes=20)
# In characters. A proof has about 900.
MAX_LENGTH = 2_000


def new_challenge(slug: str, address: str, now: datetime, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return a challenge of ALTCHA. `address` is canonical."""
    # ALTCHA's own expiry would be checked by the real clock, not by `now`.
    data = {"for": _subject(slug, address, secrets), "expires": int((now + LIFETIME).timestamp())}
    counter, challenge_key, solution_key = FEWEST + randbelow(MOST - FEWEST + 1), *_keys(secrets)
    challenge = create_challenge(
        ALGORITHM, ITERATIONS, counter=counter, data=data, hmac_secret=challenge_key, hmac_key_secret=solution_key
    )
    return challenge.to_dict()


def is_proof(text: str, slug: str, address: str, now: datetime, secrets: Mapping[str, str]) -> bool:
    """Return whether the text solves our challenge for this petition and address, in time. Any text may be given."""
    if len(text) > MAX_LENGTH:
        return False
    try:
        data = json.loads(b64decode(text))["challenge"]["parameters"]["data"]
        is_ours = data["for"] == _subject(slug, address, secrets) and data["expires"] > now.timestamp()
        challenge_key, solution_key = _keys(secrets)
        return is_ours and verify_solution(text, challenge_key, hmac_key_secret=solution_key).verified
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _subject(slug: str, address: str, secrets: Mapping[str, str]) -> str:
    return pseudonym(oldest_secret(secrets), "proof-for", slug, address)


def _keys(secrets: Mapping[str, str]) -> tuple[str, str]:
    """The second key makes checking cheap: ALTCHA compares a hash of the result, and computes nothing again."""
    secret = oldest_secret(secrets)
    return pseudonym(secret, "challenge"), pseudonym(secret, "solution")
