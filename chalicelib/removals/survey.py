"""Count what the signatures that a condition means have in common, in bounded memory.

Of a dimension with more than KEPT values, the rarest are forgotten from time to time. Signatures come in the order of
their ids, which are hashes, so what is frequent stays. A name counts by its first word only. A domain or a first name
can tell who signed, so nobody sees those of fewer than FEWEST people, and none of these stay after the walk.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chalicelib.core.sources import DIRECT
from chalicelib.removals.model import domain_of
from chalicelib.signatures.model import Signature

if TYPE_CHECKING:
    from chalicelib.removals.answers import CountedKey

KEPT, MOST = 60, 120
SHOWN = 10
FEWEST = 5
_TELLING = ("network", "domain", "first-name")
Effect = Mapping[str, Mapping[str, int]]


def add_to(counts: dict[str, dict[str, int]], signature: Signature) -> None:
    for dimension, value in _values(signature):
        numbers = counts.setdefault(dimension, {})
        numbers[value] = numbers.get(value, 0) + 1
        if len(numbers) > MOST:
            counts[dimension] = dict(_largest(numbers, KEPT))


def shown(effect: Effect) -> "dict[str, list[CountedKey]]":
    """Return the most frequent values of each dimension."""
    return {
        dimension: [{"key": key, "count": count} for key, count in _largest(numbers, SHOWN)]
        for dimension, numbers in sorted(without_rare(effect).items())
    }


def without_rare(effect: Effect) -> dict[str, dict[str, int]]:
    """Return the numbers without those that can tell who signed."""
    return {
        dimension: {key: count for key, count in numbers.items() if count >= FEWEST or dimension not in _TELLING}
        for dimension, numbers in effect.items()
    }


def _largest(numbers: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def _values(signature: Signature) -> Iterator[tuple[str, str]]:
    yield "state", signature.removed_from or signature.state
    yield "day", f"{signature.signed_at:%Y-%m-%d}"
    yield "minute", f"{signature.signed_at:%Y-%m-%d %H:%M}"
    yield "country", signature.country or ""
    yield "source", signature.counted_source or signature.source or DIRECT
    yield "version", signature.text_version
    for name, value in (
        ("network", signature.network),
        ("domain", domain_of(signature)),
        ("held", signature.held),
        ("first-name", (signature.name or "").casefold().partition(" ")[0]),
    ):
        if value:
            yield name, value
