"""Read the price table, prices.toml. Each price has its source."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("prices.toml")
MILLION = 1_000_000


class Price(NamedTuple):
    """US dollars for `per` units. `seen`: where the number was read."""

    usd: float
    per: int
    source: str
    seen: str


class Prices(NamedTuple):
    """The prices of one region at one date. `checked` is the date when they were compared with AWS's pages."""

    region: str
    dated: str
    checked: str
    by_name: dict[str, Price]

    def of(self, name: str, quantity: float) -> float:
        return quantity * self.by_name[name].usd / self.by_name[name].per


class Line(NamedTuple):
    """A row of a bill: units of one priced item. `free`: how many of them every account gets without charge."""

    item: str
    price: str
    quantity: float
    free: float = 0

    def usd(self, prices: Prices) -> float:
        return prices.of(self.price, self.quantity)

    def usd_beyond_free(self, prices: Prices) -> float:
        return prices.of(self.price, max(0.0, self.quantity - self.free))


def of_a_million(lines: Iterable[Line], prices: Prices) -> dict[str, float]:
    """Return the dollars of each item for a million signatures. The lines are for one."""
    return {line.item: round(line.usd(prices) * MILLION, 2) for line in lines}


def prices() -> Prices:
    table: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    about = {name: table.pop(name) for name in ("region", "dated", "checked")}
    return Prices(**about, by_name={name: Price(**value) for name, value in table.items()})
