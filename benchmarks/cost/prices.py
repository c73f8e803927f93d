"""Read the price table, prices.toml. Each price has its source."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    """US dollars for `per` units. `seen`: where the number was read."""

    usd: float
    per: int
    source: str
    seen: str

    def of(self, quantity: float) -> float:
        """Return the price of so many units."""
        return quantity * self.usd / self.per


@dataclass(frozen=True)
class Prices:
    """The prices of one region at one date. `checked` is the date when they were compared with AWS's pages."""

    region: str
    dated: str
    checked: str
    by_name: dict[str, Price]

    def of(self, name: str, quantity: float) -> float:
        return self.by_name[name].of(quantity)


def prices() -> Prices:
    table: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    by_name = {}
    for name, value in table.items():
        if isinstance(value, dict):  # The other values are the region and the dates.
            by_name[name] = Price(**value)
    return Prices(table["region"], table["dated"], table["checked"], by_name)
