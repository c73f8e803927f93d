"""The requests of viewers: pages of one petition, by several links, and its count."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

VIEWS = 100_000
SECONDS = 60.0
# Half are pages, half are counts, which open pages ask for again (petition.js).
_PAGES = (("", 50), ("source=evening-news", 30), ("source=newsletter", 10), ("lang=cy", 10))
# Almost every browser takes Brotli.
_ENCODINGS = (("gzip, deflate, br", 95), ("gzip", 4), ("", 1))
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"


class Visit(NamedTuple):
    """A request at `at` seconds after the first."""

    at: float
    path: str
    query: str
    encoding: str

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_count(self) -> bool:
        return self.path.startswith("/api/")


def visits(slug: str, number: int, seconds: float, seed: int = 13) -> Iterator[Visit]:
    """Yield visits at random times, in order. One in five pages has a click id in its query, which no view reads."""
    random = Random(seed)
    for at in sorted(random.uniform(0, seconds) for _ in range(number)):
        encoding = _one_of(_ENCODINGS, random)
        if random.random() < 0.5:
            yield Visit(at, f"/api/petitions/{slug}/count", "", encoding)
            continue
        query = _one_of(_PAGES, random)
        click = f"fbclid={random.getrandbits(64):x}" if random.random() < 0.2 else ""
        yield Visit(at, f"/petitions/{slug}", "&".join(filter(None, [query, click])), encoding)


def _one_of(shares: tuple[tuple[str, int], ...], random: Random) -> str:
    names, weights = zip(*shares, strict=True)
    return str(random.choices(names, weights)[0])
