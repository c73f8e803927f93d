"""What a change in the signatures' stream means to those who follow it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.keys import slug_of
from chalicelib.signatures.model import State
from chalicelib.tallies.follow import Followed

Image = Mapping[str, Any]


def followed(sequence: str, before: Image | None, after: Image | None) -> Followed:
    """Expiry and withdrawal count like everything else: pending before, pending after, and the difference."""
    pk: str = (after or before or {})["pk"]
    bucket = pk.rpartition("#")[2]
    return Followed(slug_of(pk), bucket, sequence, _is_pending(after) - _is_pending(before))


def _is_pending(image: Image | None) -> bool:
    return image is not None and image.get("state") == State.PENDING
