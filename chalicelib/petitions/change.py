"""Change a petition in memory, and check it as a whole."""

from typing import Any

from pydantic import ValidationError

from chalicelib.core.errors import Invalid
from chalicelib.core.validation import field_errors
from chalicelib.petitions.model import Petition


def with_changes(petition: Petition, **changes: Any) -> Petition:
    """Return a copy with the changes, validated as a whole. Raise Invalid with the field errors."""
    try:
        return Petition.model_validate(petition.model_dump() | changes)
    except ValidationError as error:
        raise Invalid(field_errors(error)) from error
