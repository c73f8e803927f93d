"""What the API returns about errors and about the site itself."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict


class SiteHealth(TypedDict):
    status: Literal["ok"]
    version: str
    """The application's version, as in CHANGELOG.md."""


class FieldProblem(TypedDict):
    field: str
    """The field's name, with dots for nested fields: `consent.sign`."""
    message: str
    """What the person can do to correct the field."""


class ProblemDetails(TypedDict):
    """RFC 9457. `detail` is a sentence to show to the person."""

    type: Annotated[Literal["about:blank"], Field(json_schema_extra={"format": "uri-reference"})]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    errors: NotRequired[Annotated[list[FieldProblem], Field(min_length=1)]]
    """With 422: one error for each invalid field."""
    state: NotRequired[Literal["draft", "open", "paused", "closed", "removed"]]
    """With 409: the petition's state."""
