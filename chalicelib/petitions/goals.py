"""The goals of a petition."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field

# Strict, so that pydantic refuses a text such as "1_000" instead of converting it to a number.
Goal = Annotated[int, Field(gt=0, le=100_000_000, strict=True)]


def check_rising(goals: list[int]) -> None:
    """Raise ValueError if a goal is not higher than the one before."""
    for earlier, later in pairwise(goals):
        if later <= earlier:
            raise ValueError(f"Each goal must be higher than the one before: {later:,} follows {earlier:,}")
