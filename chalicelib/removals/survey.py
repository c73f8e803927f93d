"""Count what the signatures that a condition means have in common, in bounded memory and without personal data.

Of a dimension with more than KEPT values, the rarest are forgotten from time to time. Signatures come in the order of
their ids, which are hashes, so what is frequent stays. A name counts by its first word only. Who may remove may not see
names, but can try an id: so what few signatures have of a person is not shown.
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
PERSONAL, FEWEST = ("domain", "first-name"), 5
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
        dimension: [
            {"key": key, "count": count}
            for key, count in _largest(numbers, SHOWN)
            if count >= FEWEST or dimension not in PERSONAL
        ]
        for dimension, numbers in sorted(effect.items())
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
