"""The public numbers of areas: nobody can compute the number of a small area from them."""

from hypothesis import given, strategies as st

from chalicelib.progress.refresh import MAX_AREAS, MIN_SIGNATURES, ROUNDED_TO, public_areas

NAMES = st.sampled_from([f"{first}{second}" for first in "ABCDE" for second in "ABCDE"])
ROWS = st.dictionaries(NAMES, st.integers(1, 400))


def test_an_area_is_shown_from_fifty_signatures_and_rounded_down_to_tens() -> None:
    rows = {"M": 158, "SW": 50, "LS": 49, "no postcode": 500}
    assert public_areas(757, rows) == {"M": 150, "SW": 50}


def test_rows_that_are_not_areas_are_never_shown() -> None:
    assert public_areas(900, {"no postcode": 300, "outside GB": 300, "not yet assigned": 300}) == {}


def test_the_last_small_area_cannot_be_subtracted_from_the_total() -> None:
    """Without this rule, the total 360 and the public numbers 300 and 50 would reveal that 10 people signed in LS."""
    assert public_areas(360, {"M": 300, "SW": 50, "LS": 10}) == {"M": 300}
    assert public_areas(305, {"M": 300, "LS": 5}) == {}


@given(ROWS, st.integers(0, 300))
def test_the_hidden_rest_is_zero_or_at_least_fifty_if_areas_are_shown(rows: dict[str, int], without_area: int) -> None:
    confirmed = sum(rows.values()) + without_area
    shown = public_areas(confirmed, {**rows, "no postcode": without_area})
    rest = confirmed - sum(rows[name] for name in shown)
    assert len(shown) <= MAX_AREAS
    assert all(rows[name] >= MIN_SIGNATURES and number % ROUNDED_TO == 0 for name, number in shown.items())
    assert not shown or rest == 0 or rest >= MIN_SIGNATURES
