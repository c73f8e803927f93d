"""What is frequent among signatures, and what is usual for the petition, in bounded memory."""

from collections import Counter
from functools import cache
from random import Random

from chalicelib.removals.survey import MOST, Counts, add_to, add_to_sample, shown, usual
from chalicelib.signatures.model import Signature
from tests.actors import NOW


@cache
def signed_from(network: str) -> Signature:
    values = {"state": "confirmed", "signed_at": NOW, "network": network, "obtained_by": "us", "channel": "form"}
    return Signature.model_validate({**values, "text_version": "1", "consent_version": "1"})


def test_the_usual_size_of_a_network_is_the_median_of_all() -> None:
    """Most networks have two signatures, some have thirty, and one signs for many people."""
    sizes = Counter({f"network {number}": 2 if number % 10 < 7 else 30 for number in range(400)}) + Counter(many=800)
    networks = [*sizes.elements()]
    Random(7).shuffle(networks)
    effect: Counts = {}
    sample: Counts = {}
    for network in networks:
        add_to(effect, signed_from(network))
        add_to_sample(sample, signed_from(network))
    assert shown(effect)["network"][0] == {"key": "many", "count": 800}
    assert usual(sample)["network"] == 2
    assert max(len(numbers) for counts in (effect, sample) for numbers in counts.values()) <= MOST
