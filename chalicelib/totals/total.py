"""The total: how many different people signed here or elsewhere, at least and at most.

A figure is the number of people who signed with one source, such as another platform. Some of them signed here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.petitions.figure import Figure, current_figures
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count


@dataclass(frozen=True)
class Total:
    """`confirmed` is the count here at `as_of`. In all, `at_least` to `at_most` different people signed.

    `by_partners`: how many of `confirmed` counted when a partner sent them, without our email.
    """

    confirmed: int
    elsewhere: Sequence[Figure]
    at_least: int
    at_most: int
    as_of: datetime
    by_partners: int = 0

    @property
    def reported(self) -> int:
        return sum(figure.count for figure in self.elsewhere)

    @property
    def sentence(self) -> str:
        """Say the total in one sentence, to be read on air."""
        here = f"Exactly {self.confirmed:,} {_people(self.confirmed)} {self._how_counted}"
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
    def _how_counted(self) -> str:
        if not self.by_partners:
            return "confirmed here"
        by_partners = f"{self.by_partners:,} sent by partners who checked them"
        return f"signed here ({self.by_email:,} confirmed by email, {by_partners})"


def total_if_any(petition: Petition, count: Count | None, _: Tables) -> Total | None:
    """Return the total, or None without a count or figure. Every section of the page gets tables."""
    return total(petition, count) if count is not None and petition.figures else None


def _people(number: int) -> str:
    return "person" if number == 1 else "people"


def total(petition: Petition, count: Count) -> Total:
    """Return the total from the count here and the current figure of each source.

    `at_least`: perhaps all people of the smaller places also signed at the largest. `at_most`: perhaps nobody did.
    """
    elsewhere = current_figures(petition.figures)
    counts = [figure.count for figure in elsewhere]
    at_least = max(count.confirmed, *counts, 0)
    at_most = count.confirmed + sum(counts)
    return Total(count.confirmed, elsewhere, at_least, at_most, count.as_of, count.by_partners)
