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
        together = f"at least {self.at_least:,} and at most {self.at_most:,}"
        if self.at_least == self.at_most:
            together = f"exactly {self.at_most:,}"
        return f"{here}; {self.reported:,} elsewhere; together {together} {_people(self.at_most)}."


def total_known(petition: Petition, count: Count | None, _: Tables) -> Total | None:
    """Return the total for the petition's page, if there are figures from elsewhere."""
    return total(petition, count) if count and petition.figures else None


def _people(number: int) -> str:
    return "person" if number == 1 else "people"


def total(petition: Petition, count: Count) -> Total:
    """Return the total of the petition from its count here and the current figure of each source.

    Of each source we know the fewest and the most people who did not sign here. Perhaps these groups of people are
    one inside the other; perhaps nobody is in two of them. So both bounds are possible, and no closer ones are known.
    """
    elsewhere = current(petition.figures)
    shared = [_also_here(figure, count) for figure in elsewhere]
    fewest = [figure.count - most for figure, (_, most) in zip(elsewhere, shared, strict=True)]
    most = [figure.count - least for figure, (least, _) in zip(elsewhere, shared, strict=True)]
    at_least, at_most = count.confirmed + max(fewest, default=0), count.confirmed + sum(most)
    return Total(count.confirmed, elsewhere, at_least, at_most, count.as_of)


def _also_here(figure: Figure, count: Count) -> tuple[int, int]:
    """Return the fewest and the most of the source's people who are confirmed here.

    A comparison of hashes knows their number as it was then. Since then, each withdrawal may have taken one of them,
    and each signature that was not compared may be one more.
    """
    most = min(figure.count, count.confirmed)
    if figure.compared is None:
        return 0, most
    then = figure.compared
    withdrawn = max(0, count.withdrawn - then.withdrawn)
    confirmed = max(0, count.confirmed - then.seen + withdrawn)
    least = max(0, then.here - withdrawn)
    return min(least, most), max(min(least, most), min(most, then.here + confirmed))
