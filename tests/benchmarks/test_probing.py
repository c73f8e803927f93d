"""AUC: how well one probe distinguishes a known address from a new one."""

import pytest

from benchmarks.probing import auc


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [([3, 4], [1, 2], 1), ([1, 2], [3, 4], 0), ([1, 2], [1, 2], 0.5), ([1, 4], [2, 3], 0.5), ([2, 4], [1, 3], 0.75)],
)
def test_auc_is_the_share_of_correctly_ordered_pairs(known: list[float], new: list[float], expected: float) -> None:
    assert auc(known, new) == expected
