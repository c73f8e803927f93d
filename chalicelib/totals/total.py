"""The total across platforms: what is known exactly, and between which bounds the number of people lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.petitions.figure import Figure, current
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count


@dataclass(frozen=True)
class Total:
    """`confirmed` is ours, exact at `as_of`. The number of different people is from `at_least` to `at_most`."""

    confirmed: int
    elsewhere: Sequence[Figure]
    at_least: int
    at_most: int
    as_of: datetime

    @property
    def reported(self) -> int:
        """Return the sum of what the other sources report."""
        return sum(figure.count for figure in self.elsewhere)

    @property
    def sentence(self) -> str:
        """Say the total in one sentence, to be read on air."""
        here = f"Exactly {self.confirmed:,} {_people(self.confirmed)} confirmed here"
        if not self.elsewhere:
            return f"{here}."
        bounds = f"at least {self.at_least:,} and at most {self.at_most:,} {_people(self.at_most)}"
        return f"{here}; {self.reported:,} elsewhere; together {bounds}."


def total_known(petition: Petition, count: Count | None, _: Tables) -> Total | None:
    """Return the total for the petition's page, if there are figures from elsewhere."""
    return total(petition, count) if count and petition.figures else None


def _people(number: int) -> str:
    return "person" if number == 1 else "people"


def total(petition: Petition, count: Count) -> Total:
    """Return the total of the petition from its count here and the current figure of each source."""
    elsewhere = current(petition.figures)
    sizes = [count.confirmed, *(figure.count for figure in elsewhere)]
    # We cannot know who signed in two places. All of the smaller groups may be part of the largest; or nobody signed
    # twice. Every number between is possible.
    return Total(count.confirmed, elsewhere, max(sizes), sum(sizes), count.as_of)
