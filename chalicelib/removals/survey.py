"""Count what the signatures that a condition means have in common, in bounded memory.

Of a dimension with more than KEPT values, the rarest are forgotten from time to time. Signatures come in the order of
their ids, which are hashes, so what is frequent stays. A name counts by its first word only. Who may remove may not see
names, but can try an id: so nobody sees what fewer than FEWEST people share, and none of it stays after the walk.

What is usual is the median number of signatures of a value, in a fair sample of the petition's values: those with the
smallest hashes. Each of these is counted from its first signature on, because it was never forgotten.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

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
Counts = dict[str, dict[str, int]]
Pairs = list[tuple[str, int]]


def add_to(counts: Counts, signature: Signature) -> None:
    for dimension, value in _values(signature):
        _add_one(counts, dimension, value, _largest)


def add_to_sample(sample: Counts, signature: Signature) -> None:
    for dimension, value in _values(signature):
        _add_one(sample, dimension, f"{crc32(value.encode()):08x}", _sampled)


def _add_one(counts: Counts, dimension: str, value: str, choose: Callable[[Mapping[str, int], int], Pairs]) -> None:
    numbers = counts.setdefault(dimension, {})
    numbers[value] = numbers.get(value, 0) + 1
    if len(numbers) > MOST:
        counts[dimension] = dict(choose(numbers, KEPT))


def usual(sample: Effect) -> dict[str, int]:
    """Return by dimension how many signatures a value has usually."""
    counts = {by: sorted(count for _, count in _sampled(numbers, KEPT)) for by, numbers in sample.items()}
    return {dimension: found[len(found) // 2] for dimension, found in counts.items()}


def numbers_only(sample: Effect) -> Counts:
    """Return the sample without the hashes, which would tell whether it has a value."""
    return {by: {str(n): count for n, (_, count) in enumerate(_sampled(values, KEPT))} for by, values in sample.items()}


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


def _largest(numbers: Mapping[str, int], most: int) -> Pairs:
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def _sampled(numbers: Mapping[str, int], most: int) -> Pairs:
    return sorted(numbers.items())[:most]


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
