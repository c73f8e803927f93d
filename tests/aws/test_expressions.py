"""Changes as data, and as the expressions that DynamoDB needs."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.expressions import (
    from_wire,
    to_wire,
)
from chalicelib.core.keys import Key

KEY = Key("counts", "p", "s")
SCALARS = st.text(max_size=9) | st.integers(-(10**30), 10**30) | st.booleans()
NAMES = st.sampled_from(["a", "b", "name", "size", "sk", "ü", "#s0", ":v0", "a b", "x" * 255])
SETS = st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=3)


@given(st.dictionaries(NAMES, SCALARS | SETS | st.lists(SCALARS, max_size=3), max_size=6))
def test_an_item_survives_the_wire_format(item: dict[str, Any]) -> None:
    back = from_wire(to_wire(item))
    assert back == item
    assert [type(value) for value in back.values()] == [type(value) for value in item.values()]


@pytest.mark.parametrize("value", [1.5, float("nan")])
def test_a_number_that_is_not_an_integer_raises(value: float) -> None:
    with pytest.raises(TypeError):
        to_wire({"x": value})
