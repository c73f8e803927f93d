"""Simulate the evening of benchmarks/flood.py with an attacker who wants to be counted: 10,000 signatures, from five
networks, with addresses at three domains of his own, beside 10,000 genuine ones.

The real functions decide: the turns of first emails, what becomes watched, and what is held. Every email is sent, and
every owner confirms, so what is not held counts. Who signs from where is an assumption. The attacker with proofs
computes one for each signature; then only staff find them. Afterwards they try, and remove what stands out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from random import Random
from typing import NamedTuple

from benchmarks.flood import ATTACKING_NETWORKS, BEGINS, EVENING, genuine_arrivals
from chalicelib.core.address import LARGE_PROVIDERS
from chalicelib.core.caching import forget_all
from chalicelib.mail.turns import book_first_email, watch_domain, watch_network
from chalicelib.removals.model import Condition
from chalicelib.removals.survey import Counts, add_to, add_to_sample, shown, usual
from chalicelib.signatures.held import Signer, reason_for_proof
from chalicelib.signatures.model import HeldReason, Signature, SignatureState
from tests.actors import LIMIT_KEYS
from tests.fakes import FakeTables

SIGNATURES = 10_000
# Shares of genuine signers. An address at work or university is used in its network.
WITHOUT_SCRIPT, AT_OWN_DOMAIN = 0.02, 0.12
ATTACKING_DOMAINS, SMALL_DOMAINS = 3, 400
# The sender sees a signature this many seconds after it was stored.
MAIL_DELAY = 5.0
# How often the usual number of signatures: then staff remove a domain, or a network. A carrier's has a thousand times.
STANDS_OUT = {"domain": 100, "network": 1_500}
KINDS = {"homes": "households", "offices": "offices", "school": "universities", "phones": "a mobile carrier’s NAT"}


class Attack(NamedTuple):
    """`shares_carrier`: one of the attacker's networks is the largest of a mobile carrier. `can_prove`: genuine signers
    with scripts send proofs. Without that, there would only be holding.
    """

    has_proofs: bool = False
    can_prove: bool = True
    shares_carrier: bool = False
    uses_gmail: bool = False


class Cast(NamedTuple):
    kind: str
    signature: Signature


@cache
def simulate_ballot(attack: Attack, seed: int = 1) -> list[Cast]:
    tables, random, found = FakeTables(), Random(seed), list[Cast]()
    arrivals = [(second, _one_carrier(network), False) for second, network, _ in genuine_arrivals(random)]
    arrivals += [(EVENING * number / SIGNATURES, _attacker(number, attack), True) for number in range(SIGNATURES)]
    for number, (second, network, is_attack) in enumerate(sorted(arrivals)):
        now = BEGINS + timedelta(seconds=second)
        kind = "the attacker" if is_attack else KINDS[network.partition("-")[0]]
        domain = _attackers_domain(number, attack) if is_attack else _domain(random, network)
        signer = Signer("safe-children", f"p{number}@{domain}", sha256(network.encode()).hexdigest()[:32])
        has_proof = attack.has_proofs if is_attack else attack.can_prove and random.random() >= WITHOUT_SCRIPT
        forget_all()
        held = None if has_proof else reason_for_proof(signer, now, LIMIT_KEYS, tables)
        found.append(Cast(kind, _signature(signer, now, held)))
        sent = now + timedelta(seconds=MAIL_DELAY)
        wait = book_first_email(signer.network or "", sent, tables) - sent
        watch_network(signer.network or "", wait, sent, tables)
        watch_domain(signer.address, sha256(signer.address.encode()).hexdigest(), sent, LIMIT_KEYS, tables)
    return found


def _signature(signer: Signer, now: datetime, held: HeldReason | None) -> Signature:
    state = SignatureState.HELD if held else SignatureState.CONFIRMED
    origin = {"obtained_by": "us", "channel": "form", "text_version": "1", "consent_version": "1"}
    fields = {"state": state, "signed_at": now, "email": signer.address, "network": signer.network, "held": held}
    return Signature.model_validate({**fields, **origin})


def is_held(signature: Signature) -> bool:
    return signature.held is not None


def removal(cast: Iterable[Cast]) -> Callable[[Signature], bool]:
    """Return whether staff remove a signature: by domain if one stands out that is no provider's, else by network."""
    effect: Counts = {}
    sample: Counts = {}
    for each in cast:
        add_to(effect, each.signature)
        add_to_sample(sample, each.signature)
    for by, times in STANDS_OUT.items():
        rows = [row for row in shown(effect)[by] if row["count"] > times * usual(sample)[by]]
        meant = [Condition.model_validate({by: row["key"]}) for row in rows if row["key"] not in LARGE_PROVIDERS]
        if meant:
            return lambda signature: any(each.fits("", signature) for each in meant)
    return lambda _: False


def shares(cast: Iterable[Cast], is_out: Callable[[Signature], bool]) -> dict[str, float]:
    """Return by kind of signer which share does not count."""
    found: dict[str, Counter[bool]] = {}
    for each in cast:
        found.setdefault(each.kind, Counter())[is_out(each.signature)] += 1
    return {kind: outcomes[True] / outcomes.total() for kind, outcomes in found.items()}


def _one_carrier(network: str) -> str:
    """Return the network. All phones are of one carrier: a thousand people sign from its largest network."""
    return f"phones-0-{network.rpartition('-')[2]}" if network.startswith("phones") else network


def _attacker(number: int, attack: Attack) -> str:
    place = number % ATTACKING_NETWORKS
    return "phones-0-0" if attack.shares_carrier and place == 0 else f"attacker-{place}"


def _attackers_domain(number: int, attack: Attack) -> str:
    return "gmail.com" if attack.uses_gmail else f"attacker-{number % ATTACKING_DOMAINS}.example"


def _domain(random: Random, network: str) -> str:
    if network.startswith("school"):
        return f"{network}.example"
    if random.random() < AT_OWN_DOMAIN:
        return f"small-{random.randrange(SMALL_DOMAINS)}.example"
    return "gmail.com"


ATTACKS = {
    "if nobody could send proofs": Attack(can_prove=False),
    "no proofs": Attack(),
    "no proofs, at Gmail": Attack(uses_gmail=True),
    "no proofs, one network a carrier’s": Attack(shares_carrier=True),
    "with proofs": Attack(has_proofs=True),
    "with proofs, at Gmail": Attack(has_proofs=True, uses_gmail=True),
    "with proofs, at Gmail, one network a carrier’s": Attack(has_proofs=True, uses_gmail=True, shares_carrier=True),
}


def table() -> str:
    """Return the table at the end of docs/security.md."""
    kinds = [*KINDS.values(), "the attacker"]
    rows = [f"| attack | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    rows += [f"| {name} | {' | '.join(_cells(simulate_ballot(attack), kinds))} |" for name, attack in ATTACKS.items()]
    return "\n".join(rows)


def _cells(cast: list[Cast], kinds: list[str]) -> Iterator[str]:
    is_removed = removal(cast)
    before, after = shares(cast, is_held), shares(cast, lambda each: is_held(each) or is_removed(each))
    for kind in kinds:
        yield f"{100 * before[kind]:.1f} → {100 * after[kind]:.1f} %"


if __name__ == "__main__":
    print(table())
