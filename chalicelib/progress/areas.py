"""Which areas the public may know. The number of a small area could identify the people who signed there.

An area with FEWEST signatures or more is shown, rounded down to STEP. Anybody can subtract the shown numbers from the
total count, so all signatures that are not shown must also be FEWEST or more together, or none.
"""

from collections.abc import Mapping

FEWEST = 50
STEP = 10
MOST_SHOWN = 12


def public_areas(confirmed: int, by_area: Mapping[str, int]) -> dict[str, int]:
    """Return the largest areas, largest first. `by_area` also has rows that are no areas, such as "no postcode"."""
    areas = {name: number for name, number in by_area.items() if name.isupper() and number >= FEWEST}
    ranked = sorted(areas.items(), key=lambda row: (-row[1], row[0]))[:MOST_SHOWN]
    # The signatures outside the shown areas must be none, or not few either. Their number is negative if the areas are
    # newer than the count.
    while ranked and (rest := confirmed - sum(number for _, number in ranked)) < FEWEST and rest != 0:
        ranked.pop()
    return {name: number // STEP * STEP for name, number in ranked}
