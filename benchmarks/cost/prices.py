"""The price table, each price with where it stands."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    """US dollars for `per` of a thing."""

    usd: float
    per: int
    source: str

    def of(self, quantity: float) -> float:
        return quantity * self.usd / self.per


@dataclass(frozen=True)
class Prices:
    """All of one region at one date; `checked` says when somebody held them against AWS's own pages."""

    region: str
    dated: str
    checked: str
    by_name: dict[str, Price]

    def of(self, name: str, quantity: float) -> float:
        return self.by_name[name].of(quantity)


def prices() -> Prices:
    told: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    by_name = {name: Price(**value) for name, value in told.items() if isinstance(value, dict)}
    return Prices(told["region"], told["dated"], told["checked"], by_name)
