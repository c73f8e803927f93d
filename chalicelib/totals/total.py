"""The total across platforms: the exact count here, and how many different people signed at least and at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.petitions.figure import Figure, current
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count


@dataclass(frozen=True)
class Total:
    """`confirmed` is the exact count here at `as_of`. From `at_least` to `at_most` different people signed in all.

    `by_partners`: how many of `confirmed` were sent by partners, without our email.
    """

    confirmed: int
    elsewhere: Sequence[Figure]
    at_least: int
    at_most: int
    as_of: datetime
    by_partners: int = 0

    @property
    def reported(self) -> int:
        """Return the sum of what the other sources report."""
        return sum(figure.count for figure in self.elsewhere)

    @property
    def sentence(self) -> str:
        """Say the total in one sentence, to be read on air."""
        here = f"Exactly {self.confirmed:,} {_people(self.confirmed)} {self._how}"
        if not self.elsewhere:
            return f"{here}."
        together = f"at least {self.at_least:,} and at most {self.at_most:,}"
        if self.at_least == self.at_most:
            together = f"exactly {self.at_most:,}"
        return f"{here}; {self.reported:,} elsewhere; together {together} {_people(self.at_most)}."

    @property
    def by_email(self) -> int:
        return self.confirmed - self.by_partners

    @property
    def _how(self) -> str:
        if not self.by_partners:
            return "confirmed here"
        by_partners = f"{self.by_partners:,} sent by partners who checked them"
        return f"signed here ({self.by_email:,} confirmed by email, {by_partners})"


def total_if_any(petition: Petition, count: Count | None, _: Tables) -> Total | None:
    """Return the total for the petition's page, if there are figures from elsewhere."""
    return total(petition, count) if count and petition.figures else None


def _people(number: int) -> str:
    return "person" if number == 1 else "people"


def total(petition: Petition, count: Count) -> Total:
    """Return the total of the petition from its count here and the current figure of each source.

    For each source we know the fewest and the most people who did not sign here. At one extreme, the largest of these
    groups contains all others; at the other, nobody is in two groups. Both are possible: no closer bounds are known.
    """
    elsewhere = current(petition.figures)
    shared = [_also_here(figure, count) for figure in elsewhere]
    fewest = [figure.count - most for figure, (_, most) in zip(elsewhere, shared, strict=True)]
    most = [figure.count - least for figure, (least, _) in zip(elsewhere, shared, strict=True)]
    at_least, at_most = count.confirmed + max(fewest, default=0), count.confirmed + sum(most)
    return Total(count.confirmed, elsewhere, at_least, at_most, count.as_of, count.by_partners)


def _also_here(figure: Figure, count: Count) -> tuple[int, int]:
    """Return the fewest and the most of the source's people who are confirmed here.

    A comparison of hashes found their number at its time. Since then, each person who withdrew may have been one of
    them, and each new signature may be one more.
    """
    most = min(figure.count, count.confirmed)
    if figure.compared is None:
        return 0, most
    then = figure.compared
    withdrawn = max(0, count.withdrawn - then.withdrawn)
    confirmed = max(0, count.confirmed - then.seen + withdrawn)
    least = max(0, then.here - withdrawn)
    return min(least, most), max(min(least, most), min(most, then.here + confirmed))
