"""Make the requests of viewers: the page of one petition, by links with different queries, and its count."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

VIEWS = 100_000
SECONDS = 60.0
# Half of the requests are for the page, with these queries and weights. The others are for the count, which an open
# page requests again and again (petition.js).
_QUERIES = (("", 50), ("source=evening-news", 30), ("source=newsletter", 10), ("lang=cy", 10))
# Almost every browser accepts Brotli.
_ENCODINGS = (("gzip, deflate, br", 95), ("gzip", 4), ("", 1))
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"


class Visit(NamedTuple):
    """A request that a viewer sends `at` seconds after the run began."""

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
    """Yield requests at random times, in order. One page request in five has a click id, which the page ignores."""
    random = Random(seed)
    times = sorted(random.uniform(0, seconds) for _ in range(number))
    for at in times:
        encoding = _weighted_choice(_ENCODINGS, random)
        if random.random() < 0.5:
            yield Visit(at, f"/api/petitions/{slug}/count", "", encoding)
            continue
        query = _weighted_choice(_QUERIES, random)
        if random.random() < 0.2:
            click_id = f"fbclid={random.getrandbits(64):x}"
            query = f"{query}&{click_id}" if query else click_id
        yield Visit(at, f"/petitions/{slug}", query, encoding)


def _weighted_choice(weighted: tuple[tuple[str, int], ...], random: Random) -> str:
    values, weights = zip(*weighted, strict=True)
    return str(random.choices(values, weights)[0])
