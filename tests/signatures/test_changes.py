"""What the stream says about who is pending."""

import pytest

from chalicelib.signatures.changes import followed
from chalicelib.tallies.follow import Followed

PENDING = {"pk": "safe-children#2a", "sk": "x", "state": "pending"}
CONFIRMED, WITHDRAWN = PENDING | {"state": "confirmed"}, PENDING | {"state": "withdrawn"}


@pytest.mark.parametrize(
    ("before", "after", "pending"),
    [
        (None, PENDING, 1),
        (PENDING, PENDING, 0),
        (PENDING, CONFIRMED, -1),
        (PENDING, WITHDRAWN, -1),
        (PENDING, None, -1),
        (CONFIRMED, WITHDRAWN, 0),
        (WITHDRAWN, PENDING, 1),
        (WITHDRAWN, None, 0),
        (CONFIRMED, None, 0),
    ],
)
def test_every_move_changes_the_pending_by_what_it_is(
    before: dict[str, str] | None, after: dict[str, str] | None, pending: int
) -> None:
    assert followed("77", before, after) == Followed("safe-children", "2a", "77", pending)


def test_sequence_numbers_are_compared_as_numbers() -> None:
    assert Followed("s", "00", "99", 0).order < Followed("s", "00", "100", 0).order
