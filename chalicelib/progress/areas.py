"""Choose the areas whose numbers of signatures the public may see. A small number could identify people who signed.

An area is the first letters of a postcode. Only areas with at least MIN_SIGNATURES are shown. Their numbers are rounded
down to a multiple of ROUNDED_TO. Anybody can subtract the shown numbers from the total count, to learn roughly how many
people signed outside the shown areas. So this number must also be at least MIN_SIGNATURES, or 0.
"""

from collections.abc import Mapping

from chalicelib.tallies.model import largest_first

MIN_SIGNATURES = 50
ROUNDED_TO = 10
MAX_AREAS = 12


def public_areas(confirmed: int, by_area: Mapping[str, int]) -> dict[str, int]:
    """Return the rounded numbers of the areas that may be shown, largest first. `confirmed` is the total count.

    `by_area` also has rows for signatures without an area, such as "no postcode". Only areas are in upper case.
    """
    areas = {}
    for name, number in by_area.items():
        is_area = name.isupper()
        if is_area and number >= MIN_SIGNATURES:
            areas[name] = number
    ranked = largest_first(areas)[:MAX_AREAS]
    while ranked:
        # Check the true number. What people compute from the shown numbers is never smaller, because these are rounded
        # down.
        outside = confirmed - sum(number for _, number in ranked)
        if _may_be_known(outside):
            break
        ranked.pop()  # Also hide the smallest of the shown areas.
    return {name: number // ROUNDED_TO * ROUNDED_TO for name, number in ranked}


def _may_be_known(rest: int) -> bool:
    """Return whether the public may know the number of signatures outside the shown areas.

    This number is negative if the areas are newer than the count.
    """
    return rest == 0 or rest >= MIN_SIGNATURES
